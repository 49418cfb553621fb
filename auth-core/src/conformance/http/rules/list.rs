//! The list of all rules, by rooms. A rule that is not in it fails a test.

/// Hands the list of all rules to a macro: room by room, first those about a world, then those about a site.
#[doc(hidden)]
#[macro_export]
macro_rules! __http_rules {
    ($then:path $(, $($with:tt)*)?) => {
        $then! {
            $($($with)*)?
            bad_input {
                world {
                    a_password_that_breaks_the_policy_is_refused_with_the_reason
                    a_wrong_password_and_an_unknown_user_get_the_same_answer
                    an_address_has_one_account_in_any_spelling
                    an_answer_repeats_nothing_that_was_sent
                }
                site {
                    all_that_is_wrong_about_a_sign_up_is_told_at_once
                    each_wrong_field_of_a_sign_in_is_told
                    each_wrong_field_of_a_sign_up_is_told
                    of_two_sign_ups_at_once_one_wins
                    what_is_not_an_e_mail_address_is_refused
                }
            }
            bearer {
                world {
                    a_bearer_token_comes_before_cookies_and_is_never_mixed_with_them
                    a_blank_at_the_end_belongs_to_the_token
                    a_token_in_a_body_is_not_looked_at
                    a_token_that_is_not_ours_is_refused
                    two_authorizations_are_none
                }
                site {
                    a_bearer_token_of_one_session_does_not_refresh_the_cookies_of_another
                    a_sign_out_by_bearer_token_leaves_the_browser_signed_in
                    a_sign_out_on_the_mount_for_cookies_signs_the_browser_out
                    a_token_anywhere_else_is_not_looked_at
                    another_scheme_belongs_to_somebody_else_and_the_cookies_count
                    the_scheme_is_bearer_in_any_case_and_the_rest_is_exact
                }
            }
            bodies {
                world {
                    a_body_of_more_than_sixteen_kibibytes_is_refused_before_any_work
                }
                site {
                    a_password_in_the_wrong_place_is_not_taken
                    only_json_is_read
                    what_is_not_one_json_object_is_refused
                }
            }
            client_address {
                world {
                    a_client_that_is_no_proxy_is_not_believed
                    a_session_remembers_where_it_was_opened
                    an_ipv4_address_is_the_same_client_in_both_notations
                    an_ipv6_customer_is_one_client
                    behind_a_proxy_on_a_unix_socket_each_client_has_its_own_count
                    behind_a_trusted_proxy_the_rightmost_stranger_is_the_client
                    clients_without_an_address_share_one_count
                    the_address_is_found_in_every_chain
                    what_cannot_be_read_counts_for_the_proxy
                    without_trusted_proxies_no_header_chooses_the_address
                }
                site {}
            }
            cookie_bytes {
                world {
                    cookies_of_two_sessions_are_no_credential
                    who_signs_out_with_cookies_of_two_sessions_ends_both
                }
                site {
                    a_cookie_that_stands_twice_is_no_credential
                    a_name_is_its_bytes
                    cookies_may_stand_in_several_lines
                    odd_cookies_beside_ours_do_no_harm
                }
            }
            cookies {
                world {
                    a_browser_session_lasts_a_day
                    cookies_are_cleared_with_the_attributes_they_were_set_with
                    no_refreshing_goes_past_ninety_days
                    on_loopback_http_the_cookies_are_plain
                    only_the_form_that_is_set_is_read
                    other_cookies_die_with_the_browser
                    remembered_cookies_have_an_age_and_survive_the_browser
                    strict_cookies_say_so
                    the_refresh_cookie_stands_in_for_a_lapsed_access_cookie
                    without_a_base_url_and_on_https_the_cookies_are_prefixed_and_secure
                }
                site {}
            }
            credentials {
                world {
                    an_access_token_in_the_refresh_cookie_is_none
                    one_rule_says_everywhere_which_credential_counts
                    whatever_uses_cookies_checks_the_origin
                }
                site {}
            }
            csrf {
                world {
                    a_request_that_a_bearer_token_vouches_for_may_come_from_anywhere
                    a_session_is_guarded_when_only_the_refresh_cookie_is_left
                    another_origin_can_neither_refresh_nor_sign_out_nor_use_the_application
                    another_origin_can_neither_sign_in_nor_sign_up
                    every_pair_of_origin_and_site_is_decided_alike
                    nobody_is_a_stranger_because_of_a_foreign_origin
                    opening_a_websocket_counts_as_a_change
                    reading_is_free_and_changes_nothing
                    the_authority_of_http_2_is_the_host
                    without_a_base_url_the_origin_must_be_the_host
                }
                site {
                    a_bearer_token_does_not_vouch_for_cookies
                    a_bearer_token_that_is_not_ours_vouches_for_nothing
                    a_page_of_another_origin_changes_nothing
                    nobodys_bearer_token_vouches_for_a_sign_in
                }
            }
            extractors {
                world {
                    a_revocation_is_seen_at_once_by_the_user_and_later_by_the_claims
                    a_user_costs_one_query
                    all_that_asks_for_the_user_of_one_request_costs_one_query
                    a_user_is_needed_where_a_user_is_asked_for
                    an_optional_user_is_nobody_without_a_session_and_after_one
                    every_extractor_names_the_same_user
                    everything_works_where_the_server_keeps_no_addresses
                }
                site {}
            }
            guards {
                world {
                    a_disabled_user_is_out_at_once
                    a_guarded_group_is_for_the_signed_in
                    a_path_that_does_not_exist_is_no_matter_of_a_guard
                    a_role_is_asked_for_after_the_session
                    a_role_that_is_taken_away_is_gone_at_once
                }
                site {}
            }
            headers {
                world {
                    a_path_below_a_mount_that_is_none_is_a_problem
                    an_encoded_path_is_the_same_path_or_none
                    connect_is_a_wrong_method
                    public_keys_are_shown_without_their_private_half
                    without_public_keys_there_are_none_to_show
                }
                site {
                    a_query_changes_nothing
                    a_wrong_method_is_told_the_right_ones
                    answers_about_a_person_are_not_kept
                    bytes_that_are_no_text_are_no_value
                    head_is_get_without_the_body
                }
            }
            hostile {
                world {
                    no_request_makes_the_server_fail
                }
                site {
                    a_name_that_tries_its_luck_is_just_a_name
                }
            }
            journey {
                world {}
                site {
                    full_name_is_an_alias_of_name_and_both_are_one_too_many
                    sign_in_and_sign_out_have_aliases
                    the_whole_journey_on_bearer_tokens
                    the_whole_journey_on_cookies
                }
            }
            limits {
                world {
                    a_limiter_that_cannot_tell_lets_nobody_through
                    a_page_of_another_origin_uses_up_nobodys_attempts
                    a_session_is_refreshed_three_hundred_times_an_hour
                    a_token_that_proves_nothing_costs_one_read_at_most
                    a_token_that_proves_nothing_spends_nobodys_refreshes
                    a_typing_error_costs_no_attempt
                    another_address_is_not_affected
                    both_mounts_and_every_alias_count_together
                    limits_can_be_switched_off_for_load_tests
                    many_users_behind_one_address_refresh_as_they_like
                    no_minute_has_more_than_five_sign_ins
                    the_limit_is_the_same_for_known_and_unknown_users
                    the_sixth_sign_in_within_a_minute_is_refused
                    the_sixth_sign_up_within_a_minute_is_refused
                }
                site {}
            }
            mounts {
                world {
                    a_guard_before_a_mount_costs_no_further_query
                    a_mount_below_two_nests_answers_for_all_below_it
                    an_endpoint_that_is_left_out_is_a_path_that_never_was
                    at_the_root_every_other_path_is_the_applications
                    the_path_of_a_mount_may_have_parameters
                }
                site {}
            }
            odd_headers {
                world {
                    no_header_makes_somebody_of_nobody
                    no_header_makes_the_server_fail
                }
                site {}
            }
            outage {
                world {
                    a_lapsed_access_cookie_changes_nothing_about_that
                    a_refresh_that_failed_may_be_tried_again
                    claims_need_no_database
                    every_endpoint_and_extractor_says_so
                    more_than_can_be_hashed_is_an_overload
                    who_shows_nothing_is_a_stranger_without_a_query
                }
                site {}
            }
            refreshing {
                world {
                    a_lost_answer_signs_nobody_out
                    a_replaced_refresh_cookie_is_theft_once_its_successor_is_in_use
                    a_replaced_refresh_token_is_theft_once_its_successor_is_in_use
                    times_are_measured_from_sign_in_and_moved_by_refresh
                }
                site {
                    a_refresh_token_beside_the_bearer_of_another_session_is_refused_and_stays_good
                    a_refresh_token_that_is_not_one_proves_nothing
                    each_mount_takes_refresh_tokens_from_its_own_place_only
                    refresh_and_sign_out_on_cookies_need_no_body
                }
            }
            refusals {
                world {
                    a_page_of_another_origin_leaves_an_event_on_every_route
                    a_refresh_token_that_no_session_has_leaves_an_event
                    a_refusal_that_cannot_be_recorded_is_no_failure
                    a_user_without_the_role_leaves_an_event
                    refusals_are_counted_by_address_and_by_what_was_asked
                    revoking_a_foreign_session_leaves_an_event
                    sign_ins_over_the_limit_leave_an_event_a_minute_with_their_number
                    the_end_of_a_burst_is_told_of
                }
                site {}
            }
            route_limits {
                world {
                    a_client_is_told_where_it_stands
                    a_function_may_choose_who_counts_together
                    a_page_of_another_origin_uses_up_nobodys_requests
                    a_user_has_one_count_wherever_they_are
                    each_limit_counts_under_its_own_name
                    no_address_at_all_is_limited_too
                    nobody_counts_as_a_stranger_because_of_an_outage
                    the_applications_own_routes_can_be_limited
                    without_a_session_the_address_counts
                }
                site {}
            }
            sessions {
                world {}
                site {
                    a_foreign_session_looks_like_none
                    a_session_can_be_revoked_from_another
                    revoking_the_current_session_clears_its_cookies
                    sign_out_ends_this_session_the_others_or_all
                    sign_out_with_a_dead_credential_succeeds_and_clears_the_cookies
                    sign_out_without_any_credential_is_refused
                    sign_out_works_when_only_the_refresh_cookie_is_left
                    signing_out_the_others_keeps_the_cookies
                    the_list_shows_every_session_and_marks_this_one
                }
            }
            shared_cookies {
                world {
                    a_changed_domain_locks_nobody_out
                    a_page_of_a_sibling_is_refused_until_its_origin_is_trusted
                    a_shared_cookie_that_a_sibling_planted_signs_nobody_in
                    cookies_of_one_host_are_not_taken_for_shared_ones
                    more_cookies_than_a_handful_are_ambiguous
                    of_several_shared_cookies_the_one_that_verifies_counts
                    one_sign_in_counts_for_all_hosts_of_a_domain
                    shared_cookies_name_their_domain_and_are_secure
                    there_is_a_way_out_of_every_state_of_shared_cookies
                    what_other_domains_may_hold_is_cleared
                    who_signs_in_with_several_cookies_ends_their_sessions
                }
                site {}
            }
            transcript {
                world {
                    every_answer_is_the_one_in_the_transcript
                }
                site {}
            }
        }
    };
}
