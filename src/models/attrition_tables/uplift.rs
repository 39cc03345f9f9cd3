//! Past campaigns with a control group: what they did, whether whom they persuade can be told, and who that is today.
//!
//! Of several campaigns, each learnt from in two ways, some ranking looks good by chance: one is used only when it is better
//! than chance at a 40th divided by the number of those that were judged (Bonferroni).

use statrs::function::erf::erfc;

use super::super::attrition::metrics::Z;
use super::super::attrition::split::fold_of;
use super::super::attrition::study::People;
use super::super::attrition::trees::Settings;
use super::super::attrition::uplift::{
    Insufficient, Judgement, Measured, Method, Needs, Trial, UpliftModel, booster_learner, judge, learn,
};
use super::super::{Rows, Values};
use super::campaigns::Campaign;
use super::rows::{double, text, whole};

/// A difference of two rates is faint beside the rates: few small trees, or they learn noise.
const SETTINGS: Settings = Settings {
    trees: 30,
    depth: 2,
    shrinkage: 0.1,
    leaf_penalty: 1.0,
    min_rows: 200,
    min_hessian: 1.0,
    patience: 10,
    bins: 255,
};

/// Rounds of the bootstrap.
const ROUNDS: usize = 200;

/// Each half of the customers is ranked by what the other half taught.
const FOLDS: u64 = 2;

/// The chance of a ranking without worth to be used, whatever the number of those that are tried.
const LEVEL: f64 = 0.025;

/// Both ways to learn, with their names in tables.
const METHODS: [(Method, &str); 2] =
    [(Method::TwoModels, "two_models"), (Method::ClassTransformation, "class_transformation")];

/// A campaign, judged by one method.
#[derive(Debug)]
struct Finding {
    campaign: String,
    method: &'static str,
    customers: usize,
    treated: usize,
    found: Result<Judgement, Insufficient>,
}

/// What is most certainly better than chance: the finding, its evidence, and what it learnt from all customers of its campaign.
#[derive(Debug)]
struct Best {
    finding: usize,
    evidence: f64,
    model: UpliftModel,
}

/// What came of all campaigns.
#[derive(Debug, Default)]
pub struct Uplift {
    findings: Vec<Finding>,
    best: Option<Best>,
}

impl Uplift {
    /// Judges a campaign by both methods.
    pub fn add(&mut self, campaign: &Campaign) {
        for (method, name) in METHODS {
            let finding = Finding {
                campaign: campaign.id.clone(),
                method: name,
                customers: campaign.treated.len(),
                treated: campaign.treated.iter().filter(|treated| **treated).count(),
                found: judged(campaign, method),
            };
            if let Some(evidence) = finding.evidence()
                && self.best.as_ref().is_none_or(|best| evidence > best.evidence)
                && let Ok(model) = learnt(campaign, method, None)
            {
                self.best = Some(Best { finding: self.findings.len(), evidence, model });
            }
            self.findings.push(finding);
        }
    }

    /// How much more probable a purchase of each customer is with the best campaign than without; none when no campaign
    /// certainly ranks better than chance.
    pub fn scores(&self, people: &People) -> Option<Vec<f64>> {
        self.chosen()?.model.score(&people.features).ok()
    }

    fn chosen(&self) -> Option<&Best> {
        self.best.as_ref().filter(|best| self.is_certain(best.evidence))
    }

    /// How many rankings were tried.
    fn tried(&self) -> usize {
        self.findings.iter().filter(|finding| finding.evidence().is_some()).count()
    }

    fn is_certain(&self, evidence: f64) -> bool {
        erfc(evidence / std::f64::consts::SQRT_2) / 2.0 * self.tried() as f64 <= LEVEL
    }
}

fn learnt(campaign: &Campaign, method: Method, from: Option<&[bool]>) -> Result<UpliftModel, Insufficient> {
    // Directions are those of leaving. How an effect moves is another matter.
    let features = campaign.people.features.without_directions();
    learn(method, &features, &campaign.trial(), from, &Needs::default(), &booster_learner(SETTINGS))
}

/// What the ranking of customers is worth who were not learnt from.
fn judged(campaign: &Campaign, method: Method) -> Result<Judgement, Insufficient> {
    let people = &campaign.people;
    let mut scores = vec![0.0; people.customers.len()];
    for fold in 0..FOLDS {
        let is_other: Vec<bool> = people.customers.iter().map(|customer| fold_of(*customer, FOLDS) != fold).collect();
        let model = learnt(campaign, method, Some(&is_other))?;
        let own: Vec<usize> = (0..scores.len()).filter(|row| !is_other[*row]).collect();
        for (row, score) in own.iter().zip(model.score(&people.features.of_rows(&own))?) {
            scores[*row] = score;
        }
    }
    judge(&scores, &campaign.trial(), &Needs::default(), ROUNDS)
}

impl Campaign {
    fn trial(&self) -> Trial<'_> {
        Trial { outcome: &self.bought, treated: &self.treated, chance: None }
    }
}

impl Finding {
    /// Nobody of a campaign that no origin serves can be followed.
    fn is_out_of_reach(&self) -> bool {
        self.customers == 0
    }

    /// The Qini coefficient in standard errors of its bootstrap.
    fn evidence(&self) -> Option<f64> {
        let qini = self.measure(|judgement| judgement.qini)?;
        let error = (qini.high - qini.low) / (2.0 * Z);
        Some(qini.value / error).filter(|evidence| evidence.is_finite())
    }

    fn status(&self, of: &Uplift) -> &'static str {
        match &self.found {
            _ if self.is_out_of_reach() => "out_of_reach",
            Err(why) => why.status(),
            Ok(_) if self.evidence().is_some_and(|evidence| of.is_certain(evidence)) => "ok",
            Ok(_) => "no_ranking",
        }
    }

    fn reason(&self, of: &Uplift) -> String {
        let qini = match &self.found {
            _ if self.is_out_of_reach() => {
                return "no origin lies before it, or its horizon is not over: `origins` of [attrition.model] says how far \
                        back"
                    .to_owned();
            }
            Err(why) => return why.to_string(),
            Ok(judgement) => judgement.qini,
        };
        let (Some(Measured { value, low, high }), Some(evidence)) = (qini, self.evidence()) else {
            return "no ranking could be judged".to_owned();
        };
        let words =
            if of.is_certain(evidence) { "ranks better than chance" } else { "not certainly better than chance" };
        let tried = match of.tried() {
            1 => String::new(),
            tried => format!(", {tried} tries allowed for"),
        };
        format!("{words}{tried}: Qini {value:.4}, from {low:.4} to {high:.4}")
    }

    fn measure(&self, of: fn(&Judgement) -> Option<Measured>) -> Option<Measured> {
        self.found.as_ref().ok().and_then(of)
    }
}

/// Rows of `attrition_uplift`.
pub fn rows(uplift: &Uplift) -> Rows {
    let mut all: Vec<(usize, &Finding)> = uplift.findings.iter().enumerate().collect();
    all.sort_by_key(|(_, one)| (&one.campaign, one.method));
    let chosen = uplift.chosen().map(|best| best.finding);
    let is_chosen = all.iter().map(|(at, _)| Some(chosen == Some(*at))).collect();
    let all: Vec<&Finding> = all.into_iter().map(|(_, one)| one).collect();
    let mut rows = vec![
        text(&all, |one| one.campaign.clone()),
        text(&all, |one| one.method.to_owned()),
        text(&all, |one| one.status(uplift).to_owned()),
        Values::Boolean(is_chosen),
        whole(&all, |one| one.customers as i64),
        whole(&all, |one| one.treated as i64),
        whole(&all, |one| (one.customers - one.treated) as i64),
        double(&all, |one| one.found.as_ref().ok().map(|judgement| judgement.effect)),
    ];
    let measures: [fn(&Judgement) -> Option<Measured>; 3] =
        [|judgement| judgement.qini, |judgement| judgement.auuc, |judgement| judgement.at_10_percent];
    for measure in measures {
        rows.push(double(&all, |one| one.measure(measure).map(|measured| measured.value)));
        rows.push(double(&all, |one| one.measure(measure).map(|measured| measured.low)));
        rows.push(double(&all, |one| one.measure(measure).map(|measured| measured.high)));
    }
    rows.push(text(&all, |one| one.reason(uplift)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(qini: f64) -> Finding {
        let qini = Some(Measured { value: qini, low: qini - Z, high: qini + Z });
        let found = Judgement {
            customers: 10,
            treated: 5,
            effect: 0.1,
            qini,
            auuc: None,
            at_10_percent: None,
            curve: Vec::new(),
        };
        Finding { campaign: "K1".to_owned(), method: "two_models", customers: 10, treated: 5, found: Ok(found) }
    }

    #[test]
    fn what_would_convince_alone_does_not_as_the_best_of_many() {
        let mut uplift = Uplift { findings: vec![of(2.2)], best: None };
        assert_eq!(uplift.findings[0].status(&uplift), "ok");
        assert_eq!(uplift.findings[0].reason(&uplift), "ranks better than chance: Qini 2.2000, from 0.2400 to 4.1600");
        uplift.findings.push(of(0.3));
        assert_eq!(uplift.findings[0].status(&uplift), "no_ranking");
        assert!(
            uplift.findings[0].reason(&uplift).starts_with("not certainly better than chance, 2 tries allowed for")
        );
        uplift.findings.push(of(2.5));
        assert_eq!(
            uplift.findings.iter().map(|one| one.status(&uplift)).collect::<Vec<_>>(),
            ["no_ranking", "no_ranking", "ok"]
        );
    }
}
