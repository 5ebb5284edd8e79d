//! The TCP side: connections that can be cut without an HTTP answer.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Accepts connections, each with its own [`Cut`].
pub struct CuttingListener {
    listener: TcpListener,
    /// Set once: every connection is dead from then on.
    stopped: Arc<AtomicBool>,
}

impl CuttingListener {
    pub fn new(listener: TcpListener, stopped: Arc<AtomicBool>) -> CuttingListener {
        CuttingListener { listener, stopped }
    }
}

impl Listener for CuttingListener {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        // axum's own listener retries what can be retried.
        let (stream, from) = Listener::accept(&mut self.listener).await;
        (Wire { stream, cut: Cut::default(), stopped: Arc::clone(&self.stopped) }, from)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A handle that ends one connection. The answer under way is never written: the peer sees the stream end.
#[derive(Debug, Clone, Default)]
pub struct Cut(Arc<AtomicBool>);

impl Cut {
    pub fn now(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Connected<IncomingStream<'_, CuttingListener>> for Cut {
    fn connect_info(stream: IncomingStream<'_, CuttingListener>) -> Cut {
        stream.io().cut.clone()
    }
}

/// One accepted connection.
pub struct Wire {
    stream: TcpStream,
    cut: Cut,
    stopped: Arc<AtomicBool>,
}

impl Wire {
    fn check(&self) -> io::Result<()> {
        if self.cut.0.load(Ordering::SeqCst) || self.stopped.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
