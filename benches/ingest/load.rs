//! The load: keep-alive connections that send requests made beforehand, on one thread, so that it costs little of the
//! machine that it shares with what is measured.

use std::{
    cell::RefCell,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::LocalSet,
};

use super::{Outcome, event};

/// What the senders saw.
pub(super) struct Seen {
    /// Milliseconds, sorted.
    pub(super) latencies: Vec<f64>,
    took: Duration,
}

impl Seen {
    pub(super) fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.took.as_secs_f64()
    }

    pub(super) fn percentile(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies
            .get((last as f64 * share).round() as usize)
            .copied()
            .unwrap_or(f64::NAN)
    }
}

/// Each connection sends its next event when the last one is answered.
pub(super) fn closed(address: SocketAddr, at_once: usize, length: Duration, run: usize) -> Outcome<Seen> {
    // More than can be sent in that time; making them is not measured.
    let most = 20_000.0 * length.as_secs_f64();
    let key = event::key();
    let requests: Vec<Vec<u8>> = (0..most as u64)
        .map(|number| event::request(&key, &format!("evt_1Q{run:03}x{number:018}"), number))
        .collect();
    let left = Rc::new(RefCell::new(requests));
    send(at_once, |_| {
        let left = Rc::clone(&left);
        async move {
            let mut connection = Connection::open(address).await?;
            let mut latencies = Vec::new();
            let start = Instant::now();
            while start.elapsed() < length {
                let Some(request) = left.borrow_mut().pop() else {
                    break;
                };
                let sent = Instant::now();
                connection.deliver(&request).await?;
                latencies.push(sent.elapsed().as_secs_f64() * 1_000.0);
            }
            Ok(latencies)
        }
    })
}

/// Events come due at a steady rate, whether or not earlier ones are answered.
pub(super) fn paced(address: SocketAddr, per_second: u32, length: Duration) -> Outcome<Seen> {
    const CONNECTIONS: u32 = 32;
    let key = event::key();
    let per_connection = (f64::from(per_second) * length.as_secs_f64()) as u32 / CONNECTIONS;
    let pause = Duration::from_secs(1) / per_second;
    let begin = Instant::now() + Duration::from_millis(500);
    send(CONNECTIONS as usize, |connection| {
        let key = key.clone();
        let requests: Vec<Vec<u8>> = (0..per_connection)
            .map(|turn| {
                let number = u64::from(turn) * u64::from(CONNECTIONS) + connection as u64;
                event::request(&key, &format!("evt_1Qpaced{number:018}"), number)
            })
            .collect();
        async move {
            let mut wire = Connection::open(address).await?;
            let mut latencies = Vec::new();
            for (turn, request) in (0_u32..).zip(requests) {
                let due = begin + pause * (turn * CONNECTIONS + u32::try_from(connection)?);
                tokio::time::sleep_until(due.into()).await;
                wire.deliver(&request).await?;
                latencies.push(due.elapsed().as_secs_f64() * 1_000.0);
            }
            Ok(latencies)
        }
    })
}

fn send<F>(connections: usize, one: impl Fn(usize) -> F) -> Outcome<Seen>
where
    F: Future<Output = Outcome<Vec<f64>>> + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, async {
        let start = Instant::now();
        let senders: Vec<_> = (0..connections)
            .map(|number| tokio::task::spawn_local(one(number)))
            .collect();
        let mut latencies = Vec::new();
        for sender in senders {
            latencies.extend(sender.await??);
        }
        let took = start.elapsed();
        latencies.sort_by(f64::total_cmp);
        Ok(Seen { latencies, took })
    })
}

struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            answer: Vec::with_capacity(1_024),
        })
    }

    /// Sends a request and reads its answer, which has to be an acceptance.
    async fn deliver(&mut self, request: &[u8]) -> Outcome<()> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        while !self.answer.ends_with(b"}") {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err("the listener closed the connection".into());
            }
        }
        let answer = String::from_utf8_lossy(&self.answer);
        if answer.starts_with("HTTP/1.1 200") && answer.contains("\"accepted\"") {
            Ok(())
        } else {
            Err(format!("not accepted: {answer}").into())
        }
    }
}
