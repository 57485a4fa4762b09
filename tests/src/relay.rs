//! A way to a service of this machine that a test can cut.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Passes connections on for as long as it is open; what goes through it ends when it is cut.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    open: Arc<watch::Sender<bool>>,
}

impl Relay {
    /// A relay to an address, `HOST:PORT`.
    pub async fn to(target: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let open = Arc::new(watch::Sender::new(true));
        let (state, target) = (Arc::clone(&open), target.to_owned());
        tokio::spawn(async move {
            while let Ok((mut from, _)) = listener.accept().await {
                let (mut state, target) = (state.subscribe(), target.clone());
                tokio::spawn(async move {
                    if !*state.borrow() {
                        return;
                    }
                    let Ok(mut to) = TcpStream::connect(target).await else { return };
                    tokio::select! {
                        // Either side has gone away.
                        _ = copy_bidirectional(&mut from, &mut to) => {}
                        _ = state.wait_for(|open| !*open) => {}
                    }
                });
            }
        });
        Ok(Self { address, open })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends what goes through it, and lets nothing more through.
    pub fn cut(&self) {
        self.open.send_replace(false);
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.open.send_replace(true);
    }
}
