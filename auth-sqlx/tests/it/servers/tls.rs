//! Connections that nobody reads along.

mod postgres {
    use auth_sqlx::PostgresStore;
    use throwaway::Postgres;

    use crate::account::{ADA, auth, sign_in, sign_up};

    /// With the parameters that hosted servers hand out, and with a certificate that is checked.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_server_that_wants_tls_gets_it() {
        let server = Postgres::start_with_tls().unwrap();
        let certificate = server.certificate().display();
        let address = format!("auth:auth-password@localhost:{}/postgres", server.port());
        PostgresStore::connect(&format!("postgres://{address}?sslmode=require"))
            .await
            .unwrap()
            .migrate()
            .await
            .unwrap();
        for parameters in [
            "sslmode=require".to_owned(),
            "sslmode=require&channel_binding=require".to_owned(),
            format!("sslmode=verify-ca&sslrootcert={certificate}"),
            format!("sslmode=verify-full&sslrootcert={certificate}"),
        ] {
            let store = PostgresStore::connect(&format!("postgresql://{address}?{parameters}")).await.unwrap();
            let encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
            assert!(sqlx::query_scalar::<_, bool>(encrypted).fetch_one(store.pool()).await.unwrap(), "{parameters}");
            let auth = auth(store);
            sign_up(&auth, &format!("user-{}@example.com", parameters.len())).await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn without_tls_or_with_a_wrong_certificate_there_is_no_connection() {
        let server = Postgres::start_with_tls().unwrap();
        let address = format!("auth:auth-password@localhost:{}/postgres", server.port());
        // The certificate's issuer is none that the world knows.
        for parameters in ["sslmode=disable", "sslmode=verify-full", "sslmode=verify-ca"] {
            let error = PostgresStore::connect(&format!("postgres://{address}?{parameters}")).await.unwrap_err();
            assert!(!format!("{error:?}").contains("auth-password"), "{error:?}");
        }
        let certificate = server.certificate().display();
        let elsewhere = format!("auth:auth-password@127.0.0.2:{}/postgres", server.port());
        let url = format!("postgres://{elsewhere}?sslmode=verify-full&sslrootcert={certificate}");
        PostgresStore::connect(&url).await.unwrap_err();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_wrong_password_is_told_and_not_shown() {
        let server = Postgres::start_with_tls().unwrap();
        let url = format!("postgres://auth:not-the-password@localhost:{}/postgres?sslmode=require", server.port());
        let error = PostgresStore::connect(&url).await.unwrap_err();
        let text = format!("{error:?}");
        assert!(text.contains("password authentication failed"), "{text}");
        assert!(!text.contains("not-the-password"), "{text}");
        let url = format!("postgres://auth:auth-password@localhost:{}/postgres?sslmode=require", server.port());
        let store = PostgresStore::connect(&url).await.unwrap();
        store.migrate().await.unwrap();
        let auth = auth(store);
        sign_up(&auth, ADA).await.unwrap();
        sign_in(&auth, ADA).await.unwrap();
    }
}

mod mysql {
    use auth_sqlx::MySqlStore;
    use throwaway::MariaDb;

    use crate::account::{ADA, auth, sign_in, sign_up};

    #[tokio::test(flavor = "multi_thread")]
    async fn a_server_that_wants_tls_gets_it() {
        let server = MariaDb::start_with_tls().unwrap();
        let certificate = server.certificate().display();
        for parameters in [
            "ssl-mode=REQUIRED".to_owned(),
            format!("ssl-mode=VERIFY_CA&ssl-ca={certificate}"),
            format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={certificate}"),
        ] {
            let url = format!("mysql://auth:auth-password@localhost:{}/mysql?{parameters}", server.port());
            let store = MySqlStore::connect(&url).await.unwrap();
            store.migrate().await.unwrap();
            let cipher =
                "SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'";
            let cipher: String = sqlx::query_scalar(cipher).fetch_one(store.pool()).await.unwrap();
            assert!(!cipher.is_empty(), "{parameters}");
            let auth = auth(store);
            let email = format!("{}{ADA}", parameters.len());
            sign_up(&auth, &email).await.unwrap();
            sign_in(&auth, &email).await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn without_tls_or_with_a_wrong_certificate_there_is_no_connection() {
        let server = MariaDb::start_with_tls().unwrap();
        for parameters in ["ssl-mode=DISABLED", "ssl-mode=VERIFY_CA", "ssl-mode=VERIFY_IDENTITY"] {
            let url = format!("mysql://auth:auth-password@localhost:{}/mysql?{parameters}", server.port());
            let error = MySqlStore::connect(&url).await.unwrap_err();
            assert!(!format!("{error:?}").contains("auth-password"), "{error:?}");
        }
    }
}
