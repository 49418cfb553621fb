//! A standby takes over from its primary under load: nothing that was acknowledged is lost, and the examples are back
//! without a restart.

mod load;

mod postgres {
    use std::thread;
    use std::time::Duration;

    use throwaway::{Postgres, Proxy};

    use super::load::{Load, Outcome};
    use crate::suite::api::{Api, Tokens};
    use crate::suite::processes::start;
    use crate::suite::server::{Folder, Server};

    /// A commit is acknowledged once it can be read on the standby: what the page on PostgreSQL asks for.
    const SYNCHRONOUS: &[(&str, &str)] = &[("synchronous_commit", "remote_apply"), ("synchronous_standby_names", "*")];

    /// How many have come and gone before the failover.
    const BEFORE: usize = 10;

    /// How long after the promotion everything has to work again.
    const BACK_WITHIN: Duration = Duration::from_secs(5);

    /// How long it is watched from then on.
    const AFTERWARDS: Duration = Duration::from_secs(4);

    /// A primary, its standby, and the address at which the application finds whichever is the primary.
    struct Cluster {
        primary: Postgres,
        standby: Postgres,
        address: Proxy,
    }

    impl Cluster {
        fn start() -> Self {
            let primary = Postgres::start_with(SYNCHRONOUS).unwrap();
            let standby = primary.start_standby(&[]).unwrap();
            let address = Proxy::to(primary.port()).unwrap();
            Self { primary, standby, address }
        }

        /// Lets the standby take over under the load of two processes, and returns these and what the load has seen.
        fn fail_over(&mut self, folder: &Folder, fence: impl FnOnce(&mut Postgres)) -> (Vec<Server>, Outcome) {
            let url = format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", self.address.port());
            let processes = start(folder, &url, 2);
            let load = Load::on(&apis(&processes));
            load.wait_for(BEFORE);
            fence(&mut self.primary);
            self.standby.promote().unwrap();
            self.address.move_to(self.standby.port());
            load.note_promotion();
            thread::sleep(BACK_WITHIN + AFTERWARDS);
            (processes, load.stop())
        }
    }

    fn apis(processes: &[Server]) -> Vec<Api> {
        processes.iter().map(|process| Api::at(process.port)).collect()
    }

    /// `kill -9`: every connection ends, and with it whatever was under way.
    #[test]
    fn nothing_that_was_acknowledged_is_lost_when_the_primary_dies() {
        let (folder, mut cluster) = (Folder::new(), Cluster::start());
        let (processes, outcome) = cluster.fail_over(&folder, |primary| primary.kill().unwrap());
        outcome.print("the primary was killed");
        outcome.assert_back_within(BACK_WITHIN);
        assert!(outcome.failures.iter().all(|failure| failure.status == 503), "{:?}", outcome.failures);
        let accepted = &outcome.accepted_after_sign_out;
        assert!(accepted.is_empty(), "sessions that were signed out are accepted: {accepted:?}");
        assert_as_acknowledged(&apis(&processes), &outcome);
    }

    /// The old primary lives on, and takes no writes any more; the connections to it stay open, as behind a proxy.
    #[test]
    fn connections_that_became_read_only_are_left_for_the_new_primary() {
        let (folder, mut cluster) = (Folder::new(), Cluster::start());
        let (processes, outcome) = cluster.fail_over(&folder, |primary| {
            let read_only = ["ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"];
            primary.run("postgres", &read_only).unwrap();
            // What had begun to commit gets to the standby.
            thread::sleep(Duration::from_millis(500));
        });
        outcome.print("the primary became read-only");
        outcome.assert_back_within(BACK_WITHIN);
        let late: Vec<_> = outcome.accepted_after_sign_out.iter().filter(|after| **after > BACK_WITHIN).collect();
        assert!(late.is_empty(), "sessions that were signed out are accepted, by the old primary: {late:?}");
        assert_as_acknowledged(&apis(&processes), &outcome);
    }

    fn assert_as_acknowledged(processes: &[Api], outcome: &Outcome) {
        assert!(outcome.accounts.len() > BEFORE && outcome.signed_out.len() > BEFORE, "there was a load: {outcome:?}");
        thread::scope(|scope| {
            for (half, process) in processes.iter().enumerate() {
                scope.spawn(move || assert_process(*process, outcome, half));
            }
        });
    }

    /// Each process is asked about every session, and for half of the accounts.
    fn assert_process(process: Api, outcome: &Outcome, half: usize) {
        for email in outcome.accounts.iter().skip(half).step_by(2) {
            let signed_in = process.sign_in(email);
            assert_eq!(signed_in.status, 200, "{email} was told that they have an account: {signed_in:?}");
        }
        for tokens in &outcome.signed_out {
            assert_ended(process, tokens);
        }
    }

    fn assert_ended(process: Api, tokens: &Tokens) {
        assert_eq!(process.private(tokens).status, 401, "the end of this session was acknowledged");
        assert_eq!(process.refresh(tokens).status, 401, "the end of this session was acknowledged");
    }
}
