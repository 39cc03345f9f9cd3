//! Statements on the wire of Spark Connect, each followed to its end.
//!
//! A server ends the stream of an answer when it likes, by default after two minutes, and a proxy when it has seen enough of a
//! connection; the statement goes on, and its answer is kept until somebody attaches to it again. `apache-spark-connect` 4.2
//! takes such an end for the end of the statement. So only its transport (`apache-spark-connect-core`) is used, and a statement
//! counts as done when the server has said so (`ResultComplete`), as the protocol has it.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use spark_connect_core::client::SparkConnectClient;
use spark_connect_core::retries::{RetryPolicy, RetryPolicyState};
use spark_connect_core::{ChannelBuilder, ExecutePlanResponseReattachableIterator as Execution, SparkError, block_on};
use spark_connect_proto::analyze_plan_request::Analyze;
use spark_connect_proto::execute_plan_response::ResponseType;
use spark_connect_proto::{AnalyzePlanRequest, ExecutePlanRequest, Plan, UserContext, analyze_plan_response};

/// What a call on the wire gives.
pub(super) type Answer<T> = std::result::Result<T, SparkError>;

/// A server that runs something tells every other second how far it is. One that says nothing for so long is asked again.
const SILENCE: Duration = Duration::from_secs(150);

/// How long a server has to obey when it is told to stop.
const OBEY: Duration = Duration::from_secs(10);

/// A stream that ends sooner was not ended for its age.
const SOON: Duration = Duration::from_secs(1);

/// How often a silent stream is looked away from, to see whether we are to stop.
const GLANCE: Duration = Duration::from_millis(500);

/// A session of ours on a server.
pub(super) struct Client {
    wire: SparkConnectClient,
    /// When the session was told to stop.
    stopped: OnceLock<Instant>,
}

impl Client {
    /// A client of the server of `url`; nothing is sent yet.
    pub fn new(url: &str) -> Answer<Client> {
        // The channel belongs to the runtime that it is made in.
        let wire = block_on(SparkConnectClient::connect(&ChannelBuilder::parse(url)?))?;
        Ok(Client { wire, stopped: OnceLock::new() })
    }

    /// Another session on the same connection.
    pub fn another(&self) -> Client {
        Client { wire: self.wire.with_new_session_id(), stopped: OnceLock::new() }
    }

    /// Runs a plan to its end; `take` gets what comes.
    pub fn execute(&self, plan: Plan, take: &mut dyn FnMut(ResponseType) -> Answer<()>) -> Answer<()> {
        let request = ExecutePlanRequest {
            session_id: self.wire.session_id().to_owned(),
            user_context: Some(self.user()),
            plan: Some(plan),
            ..ExecutePlanRequest::default()
        };
        block_on(self.follow(&Execution::new(request), take))
    }

    /// Asks something that runs nothing.
    pub fn analyze(&self, analyze: Analyze) -> Answer<analyze_plan_response::Result> {
        let request = AnalyzePlanRequest {
            session_id: self.wire.session_id().to_owned(),
            user_context: Some(self.user()),
            analyze: Some(analyze),
            ..AnalyzePlanRequest::default()
        };
        let response = block_on(self.wire.analyze_plan(request))?;
        response.result.ok_or_else(|| SparkError::connect_msg("the server analysed a plan and said nothing"))
    }

    /// Sets a setting of the session.
    pub fn set(&self, key: &str, value: &str) -> Answer<()> {
        block_on(self.wire.set_config(key, value))
    }

    /// Stops whatever the session is doing.
    pub fn interrupt(&self) {
        let _ = self.stopped.set(Instant::now());
        // What cannot be stopped ends by itself, and nobody reads it.
        let _ = block_on(async { tokio::time::timeout(OBEY, self.wire.interrupt_all()).await });
    }

    fn user(&self) -> UserContext {
        let user_id = self.wire.user_id().unwrap_or_default().to_owned();
        UserContext { user_id, ..UserContext::default() }
    }

    /// Executes, and attaches again as often as the stream ends before the statement does.
    async fn follow(&self, execution: &Execution, take: &mut dyn FnMut(ResponseType) -> Answer<()>) -> Answer<()> {
        let mut patience = patience();
        let mut is_known = false;
        loop {
            let (before, begun) = (execution.last_response_id().await, Instant::now());
            let attended = self.attend(execution, is_known, take).await;
            if execution.is_completed().await {
                break;
            }
            let came = execution.last_response_id().await != before;
            if came || attended.is_ok() && begun.elapsed() > SOON {
                // It is the server's way to end streams.
                (is_known, patience) = (true, self::patience());
            }
            let trouble = match attended {
                Ok(()) if begun.elapsed() > SOON => continue,
                Ok(()) => {
                    is_known = true;
                    SparkError::connect_msg("the server ends the answer again and again, without a word of it")
                }
                // The request was lost on its way: it is sent once more.
                Err(error) if is_known && before.is_none() && is_unknown(&error) => {
                    is_known = false;
                    error
                }
                Err(error) if is_passing(&error) => {
                    is_known = true;
                    error
                }
                Err(error) => return Err(error),
            };
            match patience.next_attempt(None).filter(|_| !self.has_waited()) {
                Some(pause) => tokio::time::sleep(Duration::from_millis(pause)).await,
                None => return Err(trouble),
            }
        }
        // The server keeps an answer until it is told not to, or for some minutes.
        let _ = self.wire.release_execute(execution.create_release_request(true).await).await;
        Ok(())
    }

    /// Takes what one stream brings, to its end or that of the statement.
    async fn attend(
        &self,
        execution: &Execution,
        is_known: bool,
        take: &mut dyn FnMut(ResponseType) -> Answer<()>,
    ) -> Answer<()> {
        let opened = async {
            match is_known {
                true => self.wire.reattach_execute(execution.create_reattach_request().await).await,
                false => self.wire.execute_plan(execution.request().clone()).await,
            }
        };
        let mut stream = tokio::time::timeout(SILENCE, opened).await.map_err(|_| silent())??;
        let mut heard = Instant::now();
        // To the end of the stream, also of a statement that is done: the server takes less for a broken connection.
        loop {
            match tokio::time::timeout(GLANCE, stream.message()).await {
                Ok(Ok(Some(response))) => {
                    heard = Instant::now();
                    execution.set_last_response_id(&response).await;
                    if let Some(kind) = response.response_type {
                        take(kind)?;
                    }
                }
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(status)) => return Err(SparkError::from_grpc_status(status)),
                Err(_) if execution.is_completed().await => return Ok(()),
                Err(_) if heard.elapsed() > SILENCE || self.has_waited() => return Err(silent()),
                Err(_) => {}
            }
        }
    }

    /// Whether the server was told to stop, and had its time to.
    fn has_waited(&self) -> bool {
        self.stopped.get().is_some_and(|since| since.elapsed() > OBEY)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // The server forgets a session by itself after an hour.
        let _ = block_on(async { tokio::time::timeout(OBEY, self.wire.release_session()).await });
    }
}

/// How long a server that is away is waited for: some five minutes.
fn patience() -> RetryPolicyState {
    RetryPolicyState::new(RetryPolicy {
        max_retries: Some(12),
        initial_backoff_ms: 200,
        max_backoff_ms: Some(60_000),
        ..RetryPolicy::default()
    })
}

fn silent() -> SparkError {
    SparkError::connect_msg(SILENT)
}

/// What we say of a server that holds a connection open and says nothing.
pub(super) const SILENT: &str = "the server says nothing";

/// Trouble of the connection or of the server's hold on an answer, not of the statement.
fn is_passing(error: &SparkError) -> bool {
    // 14 is gRPC's UNAVAILABLE.
    let text = error.message();
    error.grpc_code() == Some(14) || text == SILENT || text.contains("INVALID_CURSOR.DISCONNECTED")
}

/// The server has never heard of the statement.
fn is_unknown(error: &SparkError) -> bool {
    error.message().contains("INVALID_HANDLE.OPERATION_NOT_FOUND")
}
