//! Where the adapter finds its `Auth`, and what happens where it does not.

use std::io::Write;
use std::sync::{Arc, Mutex};

use actix_web::web::{self, Data, ServiceConfig};
use auth_actix::{Auth, CurrentUser, MaybeUser};

use crate::app::{assert_problem, auth, request, send, sign_up, with_bearer};

fn forgetful(config: &mut ServiceConfig) {
    config
        .route("/private", web::get().to(async |user: CurrentUser| user.id.to_string()))
        .route("/maybe", web::get().to(async |user: MaybeUser| user.is_some().to_string()));
}

/// What a subscriber wrote.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[actix_web::test]
async fn a_forgotten_auth_is_a_500_and_one_line_that_says_what_to_add() {
    for path in ["/private", "/maybe"] {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let guard = tracing::subscriber::set_default(subscriber);
        let answer = send(forgetful, request("GET", path)).await;
        drop(guard);

        assert_problem(&answer, 500, "internal");
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<_> = text.lines().filter(|line| line.contains("ERROR")).collect();
        assert_eq!(lines.len(), 1, "{text}");
        assert!(lines[0].contains("add `.app_data(web::Data::new(auth.clone()))` to its `App`"), "{text}");
        assert!(!String::from_utf8_lossy(answer.body()).contains("app_data"));
    }
}

#[actix_web::test]
async fn an_auth_is_found_as_it_is_too_and_in_the_scope() {
    let (auth, _) = auth();
    let token = sign_up(&auth).await;
    let places: [fn(&mut ServiceConfig, Auth); 3] = [
        |config, auth| {
            config.app_data(auth).configure(forgetful);
        },
        |config, auth| {
            config.app_data(Data::from(Arc::new(auth))).configure(forgetful);
        },
        |config, auth| {
            config.service(web::scope("").app_data(auth).configure(forgetful));
        },
    ];
    for place in places {
        for path in ["/private", "/maybe"] {
            let asked = with_bearer(request("GET", path), &token);
            let answer = send(|config| place(config, auth.clone()), asked).await;
            assert_eq!(answer.status(), 200, "{path}");
        }
    }
}

#[actix_web::test]
async fn an_application_may_have_data_of_its_own_beside_it() {
    struct Greeting(&'static str);
    let (auth, _) = auth();
    let token = sign_up(&auth).await;
    let greet = async |greeting: Data<Greeting>, user: CurrentUser| {
        format!("{} {}", greeting.0, user.email.as_ref().unwrap().as_str())
    };
    let app = |config: &mut ServiceConfig| {
        let greeting = Data::new(Greeting("hello"));
        config.app_data(greeting).app_data(Data::new(auth.clone())).route("/", web::get().to(greet));
    };
    assert_eq!(send(app, with_bearer(request("GET", "/"), &token)).await.body(), "hello ada@example.com");
}
