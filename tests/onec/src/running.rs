//! Starts a stand-in on a thread of its own and stops it when dropped.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use anyhow::Context as _;
use tokio::sync::oneshot;

use crate::{
    admin,
    base::{Deed, Ledger, Moment},
    generate, http,
    options::Options,
    server::Server,
};

/// The door: [`Onec::start`].
pub struct Onec;

/// A stand-in that serves until dropped.
#[derive(Debug)]
pub struct Running {
    /// The OData root, without a closing slash: what `ONEC_URL` takes.
    pub url: String,
    /// The admin port, without a closing slash.
    pub admin_url: String,
    pub user: String,
    pub password: String,
    /// The kernel's number of the serving thread, for measurements.
    pub thread_id: Option<u32>,
    server: Arc<Server>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Onec {
    /// Makes the base (about a second for a million lines) and serves it on one thread of its own.
    ///
    /// Fails if an address is taken, or a further set is not written in the language of schemas.
    pub fn start(options: Options) -> anyhow::Result<Running> {
        let (odata, odata_address) = bind(options.listen, "OData")?;
        let (admin, admin_address) = bind(options.admin, "the admin port")?;
        let base = generate::base(&options.plan);
        let server = Arc::new(Server::new(options, base));
        if let Some(text) = &server.options.extra_schema {
            server.publish(text).map_err(anyhow::Error::msg).context("publish the further sets")?;
        }
        if let Some(json) = &server.options.extra_rows {
            admin::read_file(&server, json).map_err(anyhow::Error::msg).context("read the further rows")?;
        }
        let (stop, stopped) = oneshot::channel();
        let (report, thread_id) = std::sync::mpsc::channel();
        let serving = Arc::clone(&server);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("start the stand-in's runtime")?;
        let thread = std::thread::Builder::new()
            .name("onec".into())
            .spawn(move || {
                _ = report.send(own_thread_id());
                runtime.block_on(serve(odata, admin, serving, stopped));
                runtime.shutdown_background();
            })
            .context("start the stand-in's thread")?;
        let options = &server.options;
        Ok(Running {
            url: format!("http://{odata_address}{}/odata/standard.odata", options.publication),
            admin_url: format!("http://{admin_address}"),
            user: options.user.clone(),
            password: options.password.clone(),
            thread_id: thread_id.recv().ok().flatten(),
            server,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Running {
    /// What a perfect copy of the sales would add up to at this moment.
    pub fn ledger(&self) -> Ledger {
        self.server.base().ledger(&[Deed::Sale])
    }
}

impl Running {
    /// CPU time that the serving thread has used.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let id = self.thread_id.context("this system does not number threads")?;
        let text = std::fs::read_to_string(format!("/proc/self/task/{id}/schedstat")).context("read the CPU time")?;
        let nanoseconds =
            text.split(' ').next().and_then(|text| text.parse().ok()).context("the CPU time is no number")?;
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// The months that have documents, each with its first moment and their count; all documents, all lines.
    pub(crate) fn months(&self) -> (Vec<(Moment, usize)>, usize, usize) {
        let base = self.server.base();
        let mut months: BTreeMap<Moment, usize> = BTreeMap::new();
        for document in base.documents.rows() {
            let (year, month, _) = document.date.civil();
            *months.entry(Moment::of(year, month, 1)).or_default() += 1;
        }
        let lines = base.documents.rows().map(|document| document.lines.len()).sum();
        (months.into_iter().collect(), base.documents.len(), lines)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

async fn serve(odata: TcpListener, admin: TcpListener, server: Arc<Server>, stopped: oneshot::Receiver<()>) {
    let listeners = (tokio::net::TcpListener::from_std(odata), tokio::net::TcpListener::from_std(admin));
    let (Ok(odata), Ok(admin)) = listeners else {
        return tracing::error!("The stand-in's listeners could not be handed to its runtime");
    };
    let routes = admin::routes(Arc::clone(&server));
    tokio::spawn(async move {
        if let Err(error) = axum::serve(admin, routes).await {
            tracing::error!("The admin port ended: {error}");
        }
    });
    tokio::select! {
        () = http::listen(odata, server) => {}
        _ = stopped => {}
    }
}

fn bind(address: SocketAddr, what: &str) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).with_context(|| format!("listen on {address} for {what}"))?;
    listener.set_nonblocking(true)?;
    let taken = listener.local_addr()?;
    Ok((listener, taken))
}

fn own_thread_id() -> Option<u32> {
    let link = std::fs::read_link("/proc/thread-self").ok()?;
    link.file_name()?.to_str()?.parse().ok()
}
