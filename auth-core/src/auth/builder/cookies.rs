//! The settings of the cookies, which have to fit together and to the base URL.

use super::ConfigError;
use crate::http::base_url::BaseUrl;
use crate::http::cookie::{CookieDomain, CookieForm, CookiePolicy, SameSite};

/// Makes the policy of the cookies, from the domain that they are shared in and those that they were shared in before.
pub(super) fn cookie_policy(
    base_url: Option<&BaseUrl>,
    same_site: SameSite,
    shared: Option<&str>,
    former: &[String],
) -> Result<CookiePolicy, ConfigError> {
    let Some(shared) = shared else {
        if !former.is_empty() {
            let problem =
                "needs share_cookies_in: cookies of one host have other names, and are not mistaken for these";
            return Err(ConfigError::new("former_cookie_domain", problem.to_owned()));
        }
        let form = base_url.map_or(CookieForm::Prefixed, BaseUrl::cookie_form);
        return Ok(CookiePolicy { form, same_site, elsewhere: Vec::new() });
    };
    let domain = read("share_cookies_in", shared, base_url)?;
    let host = base_url.and_then(BaseUrl::host_name).unwrap_or_default();
    let mut elsewhere = domain.names_below(host);
    for text in former {
        let former = read("former_cookie_domain", text, base_url)?;
        if !elsewhere.contains(&former) {
            elsewhere.push(former);
        }
    }
    Ok(CookiePolicy { form: CookieForm::Shared(domain), same_site, elsewhere })
}

fn read(setting: &'static str, text: &str, base_url: Option<&BaseUrl>) -> Result<CookieDomain, ConfigError> {
    let domain = CookieDomain::parse(text).map_err(|cause| ConfigError::new(setting, cause.to_string()))?;
    if base_url.is_some_and(|url| url.is_within(&domain)) {
        return Ok(domain);
    }
    let problem = "needs a base_url of https and a host within";
    Err(ConfigError::new(setting, format!("{problem} {}: browsers refuse the cookies else", domain.as_str())))
}
