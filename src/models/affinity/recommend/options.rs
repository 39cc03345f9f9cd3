//! What can be set, and the names of methods and lists.

/// A way of scoring products for a customer. The order is from simple to involved: where two do equally well, the first is
/// taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Customers who bought the product.
    Popularity,
    /// Baskets (or days) in which the customer bought it.
    OwnFrequency,
    /// The same, where a purchase loses half its weight in a half-life.
    OwnDecayed,
    /// Products that customers have beside the customer's own, by log-likelihood ratio, lift above 1.
    CustomerLlr,
    /// Products in baskets with the customer's own, by log-likelihood ratio, lift above 1.
    BasketLlr,
    /// Products that customers have beside the customer's own, by cosine.
    CustomerCosine,
    /// EASE^R, a linear model in closed form (Steck 2019, arXiv 1905.03375).
    Ease,
    /// Implicit alternating least squares (Hu, Koren and Volinsky 2008).
    Als,
    /// The replenishment model that was handed in.
    Replenishment,
}

impl Method {
    /// Every method.
    pub const ALL: [Method; 9] = [
        Method::Popularity,
        Method::OwnFrequency,
        Method::OwnDecayed,
        Method::CustomerLlr,
        Method::BasketLlr,
        Method::CustomerCosine,
        Method::Ease,
        Method::Als,
        Method::Replenishment,
    ];

    /// As tables and configuration have it.
    pub fn name(self) -> &'static str {
        match self {
            Method::Popularity => "popularity",
            Method::OwnFrequency => "own_frequency",
            Method::OwnDecayed => "own_frequency_decayed",
            Method::CustomerLlr => "customer_llr",
            Method::BasketLlr => "basket_llr",
            Method::CustomerCosine => "customer_cosine",
            Method::Ease => "ease",
            Method::Als => "als",
            Method::Replenishment => "replenishment",
        }
    }

    /// The method of a name.
    pub fn parse(name: &str) -> Option<Method> {
        Method::ALL.into_iter().find(|method| method.name() == name)
    }

    /// Whether the method scores only what the customer has bought.
    pub(super) fn is_own(self) -> bool {
        matches!(self, Method::OwnFrequency | Method::OwnDecayed | Method::Replenishment)
    }
}

/// What a list is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// Products the customer has not bought.
    New,
    /// Products the customer has bought.
    Again,
    /// Both.
    All,
}

impl List {
    /// Every list.
    pub const ALL: [List; 3] = [List::New, List::Again, List::All];

    /// As tables have it.
    pub fn name(self) -> &'static str {
        match self {
            List::New => "new",
            List::Again => "again",
            List::All => "all",
        }
    }
}

/// How EASE is solved and how large it may grow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EaseOptions {
    /// What is added to the diagonal of the Gram matrix.
    pub lambda: f64,
    /// The most popular products that are solved; the others have their neighbours.
    pub max_products: usize,
    /// The most memory one solution may take.
    pub memory_bytes: u64,
    /// The most CPU time one solution may take, as predicted.
    pub seconds: f64,
}

/// How ALS is fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlsOptions {
    /// Numbers per customer and product.
    pub factors: usize,
    /// Rounds of customers, then products.
    pub iterations: usize,
    /// Confidence in a purchase beyond that in no purchase, which is 1.
    pub alpha: f64,
    /// What is added to the diagonal of each solution.
    pub regularisation: f64,
    /// Of the first factors.
    pub seed: u64,
    /// Customers that factors are learned on at most, evenly spread over the numbers; the others are folded in.
    pub max_customers: usize,
}

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The first day that is not known. Purchases on it and later do not count.
    pub as_of_day: i32,
    /// How many days the back-test holds back; what is probable is probable in as many days.
    pub holdout_days: u32,
    /// Customers of a product, below which it is in no list.
    pub min_buyers: u32,
    /// Test customers, below which no method is chosen by its figures.
    pub min_test_customers: usize,
    /// The methods that compete.
    pub methods: Vec<Method>,
    /// The strongest neighbours kept of each product.
    pub neighbours: usize,
    /// Days in which a purchase loses half its weight.
    pub half_life_days: f64,
    /// EASE.
    pub ease: EaseOptions,
    /// ALS.
    pub als: AlsOptions,
    /// Products in a customer's list.
    pub list_size: usize,
    /// Customers in a product's list.
    pub targets_per_product: usize,
    /// Products for which one customer may be a target.
    pub contact_cap: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            as_of_day: i32::MAX,
            holdout_days: 28,
            min_buyers: 5,
            min_test_customers: 100,
            methods: Method::ALL.to_vec(),
            neighbours: 20,
            half_life_days: 90.0,
            ease: EaseOptions { lambda: 500.0, max_products: 8_000, memory_bytes: 2 << 30, seconds: 600.0 },
            als: AlsOptions {
                factors: 64,
                iterations: 15,
                alpha: 1.0,
                regularisation: 0.01,
                seed: 1,
                max_customers: 50_000,
            },
            list_size: 10,
            targets_per_product: 100,
            contact_cap: 20,
        }
    }
}
