//! `spec/affinity.md` 2.7 and `reference/affinity/online_retail_seq30.csv.gz`: every row.

use std::collections::BTreeMap;

use super::super::goldens::{csv_gz, online_retail, shared};
use super::*;

#[test]
fn every_pair_of_the_reference_has_its_counts() {
    let (Some(data), Some(reference)) = (online_retail(), shared("reference/affinity/online_retail_seq30.csv.gz"))
    else {
        return;
    };
    let customers = data.purchases.iter().map(|line| line.customer).max().unwrap() + 1;
    assert_eq!((data.purchases.len(), customers, data.products.len()), (385_414, 4_339, 3_665));

    let every = SequenceOptions::default();
    let timeline = Timeline::new(&data.purchases, data.products.len(), &every);
    let frequent: Vec<bool> =
        (0..data.products.len()).map(|product| timeline.customers_of(product as u32) >= 200).collect();
    assert_eq!(frequent.iter().filter(|&&is| is).count(), 321);
    let lines: Vec<Purchase> = data.purchases.iter().copied().filter(|line| frequent[line.product as usize]).collect();

    let mut expected: [BTreeMap<(String, String), u32>; 2] = [BTreeMap::new(), BTreeMap::new()];
    for record in csv_gz(&reference).records() {
        let record = record.unwrap();
        for (counts, column) in expected.iter_mut().zip([2, 3]) {
            let count: u32 = record[column].parse().unwrap();
            if count > 0 {
                counts.insert((record[0].to_owned(), record[1].to_owned()), count);
            }
        }
    }
    let figures = [(102_331, 947_914, 96), (85_754, 227_929, 32)];
    for ((following, expected), figures) in
        [Following::AnyToAny, Following::FirstToFirst].into_iter().zip(expected).zip(figures)
    {
        let options = SequenceOptions { following, ..every };
        let counts = follow_counts(&lines, data.products.len(), &options);
        let sum: u64 = counts.iter().map(|pair| u64::from(pair.ab)).sum();
        let most = counts.iter().map(|pair| pair.ab).max().unwrap();
        assert_eq!((counts.len(), sum, most), figures, "{following:?}");
        let id = |product: u32| data.products[product as usize].clone();
        let found: BTreeMap<(String, String), u32> =
            counts.iter().map(|pair| ((id(pair.product_a), id(pair.product_b)), pair.ab)).collect();
        assert!(found == expected, "{following:?}: not the pairs of the reference");
        // The way back is the pair the other way round.
        let there: BTreeMap<(u32, u32), u32> =
            counts.iter().map(|pair| ((pair.product_a, pair.product_b), pair.ab)).collect();
        for pair in &counts {
            assert_eq!(pair.ba, there.get(&(pair.product_b, pair.product_a)).copied().unwrap_or(0));
            assert!(pair.both <= pair.ab.min(pair.ba));
        }
        if following == Following::AnyToAny {
            let pair = counts.iter().find(|pair| id(pair.product_a) == "85099B" && id(pair.product_b) == "23203");
            let pair = pair.unwrap();
            assert_eq!((pair.ab, pair.ba), (96, 83));
        }
    }
}
