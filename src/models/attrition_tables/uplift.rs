//! Past campaigns with a control group: what they did, whether whom they persuade can be told, and who that is today.

use super::super::attrition::split::fold_of;
use super::super::attrition::study::People;
use super::super::attrition::trees::Settings;
use super::super::attrition::uplift::{
    Insufficient, Judgement, Measured, Method, Needs, Trial, UpliftModel, booster_learner, judge, learn,
};
use super::super::{Rows, Values};
use super::campaigns::Campaign;
use super::read::Read;
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

/// Both ways to learn, with their names in tables.
const METHODS: [(Method, &str); 2] =
    [(Method::TwoModels, "two_models"), (Method::ClassTransformation, "class_transformation")];

/// A campaign, judged by one method.
pub struct Finding<'a> {
    campaign: &'a Campaign,
    method: &'static str,
    found: Result<Judgement, Insufficient>,
    is_chosen: bool,
}

/// What came of all campaigns.
pub struct Uplift<'a> {
    findings: Vec<Finding<'a>>,
    /// How much more probable a purchase of each of today's customers is with the best campaign than without; none where
    /// nothing is known to rank.
    pub today: Vec<Option<f64>>,
}

/// Judges all campaigns and scores today's customers by the best of those that certainly rank better than chance.
pub fn uplift(read: &Read) -> Uplift<'_> {
    let mut findings: Vec<Finding<'_>> = Vec::new();
    let mut best: Option<(usize, f64, Method)> = None;
    for campaign in &read.campaigns {
        for (method, name) in METHODS {
            let found = judged(campaign, method);
            let qini = found.as_ref().ok().and_then(|judgement| judgement.qini).filter(|qini| qini.low > 0.0);
            if let Some(qini) = qini
                && best.is_none_or(|(_, value, _)| qini.value > value)
            {
                best = Some((findings.len(), qini.value, method));
            }
            findings.push(Finding { campaign, method: name, found, is_chosen: false });
        }
    }
    let mut today = vec![None; read.ids.len()];
    if let Some((at, _, method)) = best
        && let Ok(scores) = scored(findings[at].campaign, method, &read.today)
    {
        findings[at].is_chosen = true;
        today = scores.into_iter().zip(&read.is_eligible).map(|(score, shown)| shown.then_some(score)).collect();
    }
    Uplift { findings, today }
}

fn learnt(campaign: &Campaign, method: Method, from: Option<&[bool]>) -> Result<UpliftModel, Insufficient> {
    let features = campaign.people.features.without_directions();
    learn(method, &features, &campaign.trial(), from, &Needs::default(), &booster_learner(SETTINGS))
}

/// Scores of `people` by what all customers of the campaign taught.
fn scored(campaign: &Campaign, method: Method, people: &People) -> Result<Vec<f64>, Insufficient> {
    Ok(learnt(campaign, method, None)?.score(&people.features)?)
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

impl Finding<'_> {
    /// Nobody of a campaign that no origin serves can be followed.
    fn is_out_of_reach(&self) -> bool {
        self.campaign.treated.is_empty()
    }

    fn status(&self) -> &'static str {
        match &self.found {
            _ if self.is_out_of_reach() => "out_of_reach",
            Err(why) => why.status(),
            Ok(judgement) if judgement.qini.is_some_and(|qini| qini.low > 0.0) => "ok",
            Ok(_) => "no_ranking",
        }
    }

    fn reason(&self) -> String {
        match &self.found {
            _ if self.is_out_of_reach() => {
                "no origin lies before it, or its horizon is not over: `origins` of [attrition.model] says how far back"
                    .to_owned()
            }
            Err(why) => why.to_string(),
            Ok(judgement) => match judgement.qini {
                None => "no ranking could be judged".to_owned(),
                Some(Measured { value, low, high }) if low > 0.0 => {
                    format!("ranks better than chance: Qini {value:.4}, from {low:.4} to {high:.4}")
                }
                Some(Measured { value, low, high }) => {
                    format!("not certainly better than chance: Qini {value:.4}, from {low:.4} to {high:.4}")
                }
            },
        }
    }

    fn measure(&self, of: fn(&Judgement) -> Option<Measured>) -> Option<Measured> {
        self.found.as_ref().ok().and_then(of)
    }
}

/// Rows of `attrition_uplift`.
pub fn rows(uplift: &Uplift<'_>) -> Rows {
    let mut all: Vec<&Finding<'_>> = uplift.findings.iter().collect();
    all.sort_by_key(|one| (&one.campaign.id, one.method));
    let treated = |of: &Campaign| of.treated.iter().filter(|treated| **treated).count() as i64;
    let mut rows = vec![
        text(&all, |one| one.campaign.id.clone()),
        text(&all, |one| one.method.to_owned()),
        text(&all, |one| one.status().to_owned()),
        Values::Boolean(all.iter().map(|one| Some(one.is_chosen)).collect()),
        whole(&all, |one| one.campaign.treated.len() as i64),
        whole(&all, |one| treated(one.campaign)),
        whole(&all, |one| one.campaign.treated.len() as i64 - treated(one.campaign)),
        double(&all, |one| one.found.as_ref().ok().map(|judgement| judgement.effect)),
    ];
    let measures: [fn(&Judgement) -> Option<Measured>; 3] =
        [|judgement| judgement.qini, |judgement| judgement.auuc, |judgement| judgement.at_10_percent];
    for measure in measures {
        rows.push(double(&all, |one| one.measure(measure).map(|measured| measured.value)));
        rows.push(double(&all, |one| one.measure(measure).map(|measured| measured.low)));
        rows.push(double(&all, |one| one.measure(measure).map(|measured| measured.high)));
    }
    rows.push(text(&all, |one| one.reason()));
    rows
}
