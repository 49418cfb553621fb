//! Databases as the world sets them up: the journeys are the same on each.

use throwaway::Surroundings;

use crate::suite::database::{Database, Place};
use crate::suite::server::{Folder, Server};
use crate::suite::{journey, processes};

const JOURNEYS: &[fn(&dyn Place)] = &[
    journey::the_five_curl_commands_work_word_for_word,
    journey::a_session_outlives_a_restart_even_with_a_new_signing_key,
    journey::the_same_journey_works_with_bearer_tokens,
    journey::a_profile_comes_back_as_it_was_sent,
    processes::a_session_of_one_process_is_one_of_the_other,
    processes::a_session_that_one_process_revokes_is_refused_by_the_other_at_once,
    processes::who_signs_out_everywhere_on_one_process_is_out_on_the_other,
    processes::racing_refreshes_of_one_token_get_the_same_successor_from_either_process,
];

fn every_journey(surroundings: &Surroundings) {
    for journey in JOURNEYS {
        journey(surroundings);
    }
}

impl Place for Surroundings {
    fn database(&self) -> Database {
        let place = Self::database(self).unwrap();
        if let Some(url) = place.owner_url() {
            drop(Server::start(&Folder::new(), &[("DATABASE_URL", &url)]));
            place.grant().unwrap();
        }
        Database::at(place.url())
    }
}

/// Makes a test of the journeys in all surroundings of each server, in few runs or one by one.
macro_rules! in_all_surroundings {
    ($mariadb:ident, $postgres:ident) => {
        mod mysql {
            #[test]
            fn every_journey_works() {
                throwaway::Runs::$mariadb().check($crate::suite::servers::surroundings::every_journey).unwrap();
            }
        }
        mod postgres {
            #[test]
            fn every_journey_works() {
                throwaway::Runs::$postgres().check($crate::suite::servers::surroundings::every_journey).unwrap();
            }
        }
    };
}

mod together {
    in_all_surroundings!(mariadb_together, postgres_together);
}

mod thorough {
    in_all_surroundings!(mariadb_one_by_one, postgres_one_by_one);
}
