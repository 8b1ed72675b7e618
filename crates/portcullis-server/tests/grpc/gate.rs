//! A server that runs upon a small world, and clients of it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use portcullis_server::http::Door;
use portcullis_server::{
    Call, Change, Done, DoorBounds, Id, Operation, Scope, Server, Service, Source, Whence, Which,
};
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use crate::proto::decisions_client::DecisionsClient;
use crate::proto::{Action, CheckRequest, Entity};
use crate::world::{ANN, Hand, World, add_key};

pub(crate) type Client = DecisionsClient<InterceptedService<Channel, Shows>>;

/// Puts a credential, if any, into every request.
#[derive(Clone)]
pub(crate) struct Shows(Option<MetadataValue<Ascii>>);

impl tonic::service::Interceptor for Shows {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(shown) = &self.0 {
            request.metadata_mut().insert("authorization", shown.clone());
        }
        Ok(request)
    }
}

pub(crate) struct Gate {
    pub(crate) service: Arc<Service>,
    pub(crate) hand: Arc<Hand>,
    pub(crate) acme: Id,
    pub(crate) ann: Call,
    pub(crate) ann_key: String,
    pub(crate) operator: String,
    server: Option<Server>,
    pub(crate) address: SocketAddr,
}

impl Gate {
    pub(crate) fn open() -> Gate {
        Gate::within(DoorBounds::default())
    }

    pub(crate) fn within(bounds: DoorBounds) -> Gate {
        let World { service, hand, acme, ann, ann_key, operator, .. } = World::new();
        let server = serve(Source::Store(Arc::clone(&service)), bounds);
        let address = server.address();
        Gate { service, hand, acme, ann, ann_key, operator, server: Some(server), address }
    }

    pub(crate) fn act(&self, operation: Operation) -> Done {
        self.service
            .change(&self.ann, self.acme, &Change::from(operation))
            .unwrap_or_else(|refused| panic!("{refused}"))
    }

    pub(crate) fn token(&self) -> String {
        self.service.revision(&self.ann, self.acme).unwrap()
    }

    /// The key of somebody who joins with a role.
    pub(crate) fn joins(&self, email: &str, role: &str) -> String {
        let role = Some(Which::from(role));
        let done = self.act(Operation::Invite { email: email.to_owned(), role });
        let token = done.made[0].secret.as_ref().unwrap().reveal();
        self.service.accept(&token, &Whence::default()).unwrap().key.reveal()
    }

    /// A further key of the administrator, and its id.
    pub(crate) fn key(&self, policy: Option<&str>, expires: Option<i64>) -> (String, String) {
        let done = self.act(add_key(None, "k", &[Scope::Decide], policy, expires));
        (done.made[0].secret.as_ref().unwrap().reveal(), done.made[0].id.unwrap().to_string())
    }

    pub(crate) async fn client(&self, key: Option<&str>) -> Client {
        client(self.address, key).await
    }

    pub(crate) async fn ann(&self) -> Client {
        self.client(Some(&self.ann_key)).await
    }

    pub(crate) fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop(Duration::from_secs(5));
        }
    }

    /// What is answered to some text, until the connection ends.
    pub(crate) fn raw(&self, text: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// The counts, as the operator sees them.
    pub(crate) fn metrics(&self) -> String {
        let authorization = format!("authorization: Bearer {}", self.operator);
        self.raw(&format!("GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{authorization}\r\n\r\n"))
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop(Duration::ZERO);
        }
    }
}

pub(crate) fn serve(source: Source, bounds: DoorBounds) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    Server::start(listener, Door::new(source, &base, bounds), 2, || {}).unwrap()
}

pub(crate) async fn channel(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

pub(crate) async fn client(address: SocketAddr, key: Option<&str>) -> Client {
    over(channel(address).await, key)
}

pub(crate) fn over(channel: Channel, key: Option<&str>) -> Client {
    let shows = Shows(key.map(|key| format!("Bearer {key}").parse().unwrap()));
    DecisionsClient::with_interceptor(channel, shows)
}

/// A connection on which so many bytes of each answer are taken before they are read.
pub(crate) async fn narrow(address: SocketAddr, window: u32) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    endpoint.initial_stream_window_size(window).connect().await.unwrap()
}

pub(crate) fn entity(kind: &str, id: &str) -> Option<Entity> {
    Some(Entity { r#type: kind.to_owned(), id: id.to_owned(), properties: None })
}

pub(crate) fn action(name: &str) -> Option<Action> {
    Some(Action { name: name.to_owned(), properties: None })
}

pub(crate) fn check(subject: &str, name: &str, kind: &str) -> CheckRequest {
    CheckRequest {
        subject: entity("user", subject),
        action: action(name),
        resource: entity(kind, "1"),
        context: None,
        explain: false,
    }
}

/// What the administrator may do.
pub(crate) fn good() -> CheckRequest {
    check(ANN, "update", "sync")
}

/// What nobody may do.
pub(crate) fn bad() -> CheckRequest {
    check("nobody", "update", "sync")
}

/// What the metadata of an answer say.
pub(crate) fn said<'m>(metadata: &'m MetadataMap, key: &str) -> &'m str {
    metadata.get(key).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

/// Asserts a status, and gives what it says.
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, code: Code) -> String {
    let status = answer.unwrap_err();
    assert_eq!(status.code(), code, "{status:?}");
    status.message().to_owned()
}
