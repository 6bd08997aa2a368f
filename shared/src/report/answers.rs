//! Answers that are kept in memory until new data arrive: whoever asks the same for the same dealers again is answered
//! without ClickHouse, and of many who ask at once one asks for all.
//!
//! What is kept is found by the whole `Question`: the dealers, the query and every value bound to it. The dealers that
//! ClickHouse is asked for are taken from the question too, so no answer can be found under other dealers than its own.
//! Keeping drawn pages, or answers by report and address, was turned down: a part of the key forgotten there would show
//! one dealer the rows of another.

use std::sync::Arc;
use std::time::Duration;

use clickhouse::Client;
use clickhouse::query::Query;
use moka::future::Cache;

use super::bind;
use super::error::RunError;
use super::freshness::Arrived;
use super::scope::DealerScope;

/// An answer larger than this would push out many others.
const LARGEST: usize = 4 * 1024 * 1024;
/// Rows may come without their pass: of a load that broke off. No answer is older than this, whatever has arrived.
const LONGEST: Duration = Duration::from_secs(10 * 60);

/// A query with its values and the dealers it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    scope: DealerScope,
    sql: String,
    /// Parameter and value, both as the server takes them.
    bound: Vec<(String, String)>,
}

impl Question {
    pub fn of(scope: &DealerScope, sql: impl Into<String>) -> Self {
        Self { scope: scope.clone(), sql: sql.into(), bound: Vec::new() }
    }

    pub fn with(mut self, bound: impl IntoIterator<Item = (String, String)>) -> Self {
        self.bound.extend(bound);
        self
    }

    pub fn query(&self, client: &Client) -> Query {
        let query = bind::scope(client.query_raw(&self.sql), &self.scope);
        self.bound.iter().fold(query, |query, (name, value)| query.with_setting(format!("param_{name}"), value))
    }

    fn bytes(&self) -> usize {
        let bound: usize = self.bound.iter().map(|(name, value)| name.len() + value.len() + 48).sum();
        self.sql.len() + bound + self.scope.dealers().len() * 16
    }
}

/// A question, and what had arrived when it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    question: Question,
    arrived: Arrived,
}

/// An answer, as it is or as what was made of it.
pub trait Kept: Send + Sync + 'static {
    /// About so many are taken in memory.
    fn bytes(&self) -> usize;
}

impl Kept for String {
    fn bytes(&self) -> usize {
        self.len()
    }
}

impl<T: Kept> Kept for Arc<T> {
    fn bytes(&self) -> usize {
        (**self).bytes()
    }
}

impl<T: Kept> Kept for Option<T> {
    fn bytes(&self) -> usize {
        self.as_ref().map_or(0, Kept::bytes)
    }
}

/// Answers of one sort.
pub struct Answers<T>(Cache<Key, Arc<T>>);

impl<T: Kept> Answers<T> {
    /// As many as take so many bytes with their questions.
    pub fn bounded(bytes: u64) -> Self {
        Self(Cache::builder().max_capacity(bytes).weigher(weight).time_to_live(LONGEST).build())
    }

    /// What is kept, or what is asked for. An error is told to those who wait for it, and then forgotten.
    pub async fn found(
        &self,
        question: Question,
        arrived: Arrived,
        ask: impl Future<Output = Result<T, RunError>>,
    ) -> Result<Arc<T>, RunError> {
        // On the heap: the cache moves it through many hands, and answers are made of other answers.
        let ask = Box::pin(async { ask.await.map(Arc::new) });
        // While a first load goes on, rows come long before the pass that ends it.
        if !arrived.is_whole() {
            return ask.await;
        }
        let found = Box::pin(self.0.try_get_with(Key { question, arrived }, ask)).await;
        found.map_err(|cause: Arc<RunError>| (*cause).clone())
    }
}

/// More than there is room for, if an answer is too large: it is not kept.
fn weight<T: Kept>(key: &Key, answer: &Arc<T>) -> u32 {
    const ENTRY: usize = 256;
    let bytes = answer.bytes();
    if bytes > LARGEST {
        return u32::MAX;
    }
    u32::try_from(key.question.bytes() + key.arrived.bytes() + bytes + ENTRY).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::{Answers, LARGEST, Question};
    use crate::ids::DealerId;
    use crate::report::error::RunError;
    use crate::report::freshness::Arrived;
    use crate::report::scope::DealerScope;

    fn scope(dealer: u128) -> DealerScope {
        DealerScope::granted([DealerId(uuid::Uuid::from_u128(dealer))])
    }

    fn of(dealer: u128, word: &str) -> Question {
        Question::of(&scope(dealer), "SELECT 1").with([("search".to_owned(), word.to_owned())])
    }

    /// How often ClickHouse is asked for these questions, one after another.
    async fn asked(answers: &Answers<String>, questions: impl IntoIterator<Item = (Question, Arrived)>) -> u32 {
        let times = Cell::new(0);
        for (question, arrived) in questions {
            let own = format!("{question:?} {arrived:?}");
            let ask = async {
                times.set(times.get() + 1);
                Ok(own.clone())
            };
            let answer = answers.found(question, arrived, ask).await.unwrap();
            assert_eq!(*answer, own, "an answer to another question");
        }
        times.get()
    }

    #[tokio::test]
    async fn an_answer_is_that_of_its_dealers_its_values_and_what_had_arrived() {
        let now = || Arrived::of_pass(7);
        let questions = || {
            let both = DealerScope::granted([1, 2].map(|dealer| DealerId(uuid::Uuid::from_u128(dealer))));
            [
                (of(1, ""), now()),
                (of(2, ""), now()),
                (Question::of(&both, "SELECT 1").with([("search".to_owned(), String::new())]), now()),
                (Question::of(&DealerScope::granted([]), "SELECT 1"), now()),
                (of(1, "насос"), now()),
                (Question::of(&scope(1), "SELECT 2").with([("search".to_owned(), String::new())]), now()),
                (of(1, ""), Arrived::of_pass(8)),
            ]
        };
        let answers = Answers::bounded(1 << 20);
        assert_eq!(asked(&answers, questions()).await, 7);
        assert_eq!(asked(&answers, questions()).await, 0);
    }

    #[tokio::test]
    async fn of_many_at_once_one_asks_and_an_error_is_not_kept() {
        let answers = Answers::bounded(1 << 20);
        let times = &Cell::new(0);
        let ask = |fails: bool| {
            answers.found(of(1, ""), Arrived::of_pass(7), async move {
                times.set(times.get() + 1);
                tokio::task::yield_now().await;
                if fails { Err(RunError::TimedOut) } else { Ok("1".to_owned()) }
            })
        };
        let all = futures_util::future::join_all((0..50).map(|_| ask(true))).await;
        assert!(all.iter().all(|answer| matches!(answer, Err(RunError::TimedOut))));
        let failed = times.replace(0);
        assert!(futures_util::future::join_all((0..50).map(|_| ask(false))).await.iter().all(Result::is_ok));
        assert_eq!(times.get(), 1, "asked again after {failed} errors");
    }

    #[tokio::test]
    async fn nothing_is_kept_before_all_has_arrived_once() {
        let answers = Answers::bounded(1 << 20);
        let loading = || Arrived::unknown();
        assert_eq!(asked(&answers, [(of(1, ""), loading()), (of(1, ""), loading())]).await, 2);
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded() {
        let answers = Answers::bounded(100_000);
        let questions = (0..1_000).map(|word| (of(1, &word.to_string()), Arrived::of_pass(7)));
        assert_eq!(asked(&answers, questions).await, 1_000);
        answers.0.run_pending_tasks().await;
        assert!(answers.0.weighted_size() <= 100_000, "{} bytes", answers.0.weighted_size());
        assert!(answers.0.entry_count() > 50, "{} answers", answers.0.entry_count());
        let large = || async { Ok("x".repeat(LARGEST + 1)) };
        answers.found(of(2, ""), Arrived::of_pass(7), large()).await.unwrap();
        answers.0.run_pending_tasks().await;
        assert!(answers.0.entry_count() > 50, "a large answer has pushed the others out");
    }
}
