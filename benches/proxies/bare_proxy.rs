//! The measure of what pingora itself costs: one peer, one injected header, pingora's own server and its defaults.

use std::net::SocketAddr;

use async_trait::async_trait;
use pingora::Result;
use pingora::http::RequestHeader;
use pingora::listeners::tls::TlsSettings;
use pingora::proxy::{ProxyHttp, Session, http_proxy_service};
use pingora::server::Server;
use pingora::server::configuration::ServerConf;
use pingora::upstreams::peer::HttpPeer;

use crate::Failed;

struct Bare {
    upstream: SocketAddr,
}

#[async_trait]
impl ProxyHttp for Bare {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _session: &mut Session, _ctx: &mut ()) -> Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(self.upstream, false, String::new())))
    }

    async fn upstream_request_filter(
        &self,
        _session: &mut Session,
        request: &mut RequestHeader,
        _ctx: &mut (),
    ) -> Result<()> {
        request.insert_header("X-Bare", "1")
    }
}

/// Runs until it is killed; with the files of a certificate and its key, over TLS.
pub fn run(listen: SocketAddr, upstream: SocketAddr, files: Option<(String, String)>) -> Result<(), Failed> {
    let conf = ServerConf { threads: 1, ..ServerConf::default() };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let mut service = http_proxy_service(&server.configuration, Bare { upstream });
    match files {
        None => service.add_tcp(&listen.to_string()),
        Some((cert, key)) => {
            // One that is there already is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let mut settings = TlsSettings::intermediate(&cert, &key)?;
            settings.enable_h2();
            service.add_tls_with_settings(&listen.to_string(), None, settings);
        }
    }
    server.add_service(service);
    server.run_forever()
}
