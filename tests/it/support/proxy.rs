//! A wire to the database that a test can cut and mend.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// Carries connections to a server; while it is cut, connections are refused and those that stood are gone.
pub(crate) struct Proxy {
    address: SocketAddr,
    target: String,
    cut: Arc<watch::Sender<u64>>,
    accepting: Option<JoinHandle<()>>,
}

impl Proxy {
    /// A proxy to the server of this URL; gives back the URL that leads through it.
    pub(crate) async fn to(url: &str) -> (Self, String) {
        let (before, rest) = url.split_once('@').unwrap();
        let (target, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut proxy = Self {
            address,
            target: target.to_owned(),
            cut: Arc::new(watch::Sender::new(0)),
            accepting: None,
        };
        proxy.accept(listener);
        (proxy, format!("{before}@{address}/{database}"))
    }

    fn accept(&mut self, listener: TcpListener) {
        let (target, cut) = (self.target.clone(), Arc::clone(&self.cut));
        self.accepting = Some(tokio::spawn(async move {
            while let Ok((mut from, _)) = listener.accept().await {
                let (target, mut cut) = (target.clone(), cut.subscribe());
                tokio::spawn(async move {
                    let Ok(mut to) = TcpStream::connect(target).await else {
                        return;
                    };
                    tokio::select! {
                        _ = cut.changed() => {}
                        _ = copy_bidirectional(&mut from, &mut to) => {}
                    }
                });
            }
        }));
    }

    /// Cuts the wire.
    pub(crate) async fn cut(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
            let _ = accepting.await;
        }
        self.cut.send_modify(|times| *times += 1);
    }

    /// Mends it, at the same address.
    pub(crate) fn mend(&mut self) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(self.address).unwrap();
        self.accept(socket.listen(64).unwrap());
    }
}
