// The page of the example: sign up, sign in, see and end sessions, try the guarded routes.
//
// The tokens live in HttpOnly cookies, so no line here ever sees one. All text from the server is shown by
// `textContent`: a name or a user agent is data, never markup.

const AUTH = '/auth';
const TITLE = document.title;
const UNREACHABLE = 'The server did not answer. Check the connection and try again.';
const SESSION_ENDED = 'Your session has ended. Please sign in again.';
const COOKIE_LOST = 'You signed in, but the browser kept no session cookie. Allow cookies, and open this page under '
  + 'the address that the server is configured for.';

const byId = (id) => document.getElementById(id);

// ---- The server ----

/** Sends one request. A network failure is an answer too (status 0), so that callers know one shape only. */
async function request(method, path, body) {
  const init = { method, credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(30_000) };
  if (body !== undefined) {
    init.headers = { 'Content-Type': 'application/json' };
    init.body = JSON.stringify(body);
  }
  try {
    const response = await fetch(path, init);
    const text = await response.text();
    const retryAfter = response.headers.get('Retry-After');
    return { ok: response.ok, status: response.status, text, body: parse(text), retryAfter };
  } catch {
    return { ok: false, status: 0, text: UNREACHABLE, body: { detail: UNREACHABLE } };
  }
}

/** Reads JSON; a proxy's HTML error page or an empty body is no reason to fail. */
function parse(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/** GETs a path; a 401 may only mean that the access token has lapsed, so it is refreshed and asked again, once. */
async function get(path) {
  const answer = await request('GET', path);
  if (answer.status !== 401) return answer;
  const renewed = await refresh();
  if (renewed.ok) return request('GET', path);
  // A refresh that failed for another reason than 401 says nothing about the session: report that, not "signed out".
  return renewed.status === 401 ? answer : renewed;
}

let refreshing;

/** Refreshes the cookies: one request at a time, shared by everything in this tab that waits for it. */
function refresh() {
  refreshing ??= inOneTabOnly(() => request('POST', `${AUTH}/refresh`)).finally(() => { refreshing = undefined; });
  return refreshing;
}

/** Tabs take turns, so that each presents the token that the last one got. Plain http off localhost has no locks. */
function inOneTabOnly(task) {
  return navigator.locks ? navigator.locks.request('auth-refresh', task) : task();
}

// ---- Words ----

/** Says in a sentence what went wrong, and how long to wait when the server says so. */
function explain({ status, body, retryAfter }) {
  const text = body.detail ?? body.title ?? `The server answered with status ${status}`;
  return `${text}${/[.!?]$/.test(text) ? '' : '.'}${waiting(retryAfter)}`;
}

/** `Retry-After` is a number of seconds or a date. */
function waiting(retryAfter) {
  if (!retryAfter) return '';
  const until = Date.parse(retryAfter) - Date.now();
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : Math.ceil(until / 1000);
  if (!(seconds > 0)) return '';
  return ` Try again in ${seconds > 90 ? count(Math.ceil(seconds / 60), 'minute') : count(seconds, 'second')}.`;
}

const count = (n, unit) => `${n} ${unit}${n === 1 ? '' : 's'}`;

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

function time(rfc3339) {
  const node = element('time', clock.format(new Date(rfc3339)));
  node.dateTime = rfc3339;
  return node;
}

// ---- Views ----

let shown = 'starting';

function show(view) {
  shown = view;
  for (const section of document.querySelectorAll('[data-view]')) section.hidden = section.id !== view;
  byId('guarded').hidden = view === 'starting';
  const heading = byId(view).querySelector('h2');
  document.title = heading ? `${heading.textContent} – ${TITLE}` : TITLE;
}

/** Shows a view because of something the user did: focus goes there too, so that it is read out and Tab goes on. */
function enter(view, text, kind) {
  show(view);
  byId(view).querySelector('h2').focus();
  // In the next frame: a live region that was hidden until now would not be heard.
  requestAnimationFrame(() => say(view, text, kind));
}

function say(view, text = '', kind = '') {
  const region = byId(view).querySelector('.message');
  region.textContent = text;
  region.dataset.kind = kind;
}

const formInHash = () => (location.hash === '#sign-up' ? 'sign-up' : 'sign-in');

function enterSignIn(text, kind) {
  history.replaceState(null, '', location.pathname);
  enter('sign-in', text, kind);
}

/** Runs a task for a form or button unless one is running. `disabled` would do that too, but would lose the focus. */
async function whileBusy(node, task) {
  if (node.getAttribute('aria-busy') === 'true') return;
  node.setAttribute('aria-busy', 'true');
  try {
    await task();
  } finally {
    node.removeAttribute('aria-busy');
  }
}

function element(name, ...children) {
  const node = document.createElement(name);
  node.append(...children); // strings become text nodes
  return node;
}

// ---- Forms ----

/** The server also knows the full name as `name`. */
const FIELD_ALIASES = { name: 'full_name' };

function bindForm(view, path, bodyOf) {
  const form = byId(`${view}-form`);
  form.noValidate = true; // the same checks, shown where the server's errors are shown
  form.addEventListener('input', ({ target }) => mark(target, ''));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    whileBusy(form, () => submit(view, form, path, bodyOf(form)));
  });
}

/** Values stay in the form until the server has accepted them. */
async function submit(view, form, path, body) {
  // Attempts are limited: one that the browser can already see failing is not sent.
  const missing = [...form.elements].filter((control) => control.willValidate && !control.validity.valid);
  if (missing.length > 0) {
    showFieldErrors(form, missing.map(({ name, validationMessage }) => ({ field: name, message: validationMessage })));
    return say(view, 'Please correct the marked fields.', 'error');
  }

  showFieldErrors(form, []);
  say(view, 'One moment …');
  const answer = await request('POST', path, body);
  if (!answer.ok) {
    const rest = showFieldErrors(form, answer.body.errors ?? []);
    return say(view, [explain(answer), ...rest].join(' '), 'error');
  }
  if (answer.body.status !== 'signed_in') {
    return say(view, `The server asks for one more step (${answer.body.status}), which this page cannot do.`, 'error');
  }

  const opened = await openAccount();
  if (!opened.ok) return say(view, opened.status === 401 ? COOKIE_LOST : explain(opened), 'error');
  form.reset();
  say(view);
  history.replaceState(null, '', location.pathname);
  enter('account');
}

/** Marks the fields that have errors, and returns the messages that belong to none of them. */
function showFieldErrors(form, errors) {
  const rest = [];
  const messages = new Map();
  for (const { field = '', message } of errors) {
    const name = field.split(/[[.]/)[0]; // `frameworks[2]` is an error of `frameworks`
    const control = form.elements.namedItem(FIELD_ALIASES[name] ?? name);
    if (control) messages.set(control, [...messages.get(control) ?? [], message]);
    else rest.push(message);
  }
  for (const control of form.elements) mark(control, (messages.get(control) ?? []).join(' '));
  form.querySelector('[aria-invalid="true"]')?.focus();
  return rest;
}

function mark(control, message) {
  const line = byId(`${control.id}-error`);
  if (!line) return; // check boxes and buttons have none
  line.textContent = message;
  if (message) control.setAttribute('aria-invalid', 'true');
  else control.removeAttribute('aria-invalid');
}

function signInBody({ elements: { email, password, remember_me } }) {
  return { email: email.value, password: password.value, remember_me: remember_me.checked };
}

function signUpBody(form) {
  const field = form.elements;
  return {
    ...signInBody(form),
    full_name: field.full_name.value.trim(),
    experience_level: field.experience_level.value,
    programming_languages: entries(field.programming_languages),
    frameworks: entries(field.frameworks),
    available_hardware: entries(field.available_hardware),
    robotics_hardware: entries(field.robotics_hardware),
  };
}

const entries = ({ value }) => value.split(',').map((entry) => entry.trim()).filter(Boolean);

// ---- Account ----

/** Fetches the account and its sessions and fills the view. Returns the answer that failed, or the last. */
async function openAccount() {
  const me = await get(`${AUTH}/me`);
  if (!me.ok) return me;
  const list = await get(`${AUTH}/sessions`);
  if (!list.ok) return list;
  fillUser(me.body);
  byId('devices').replaceChildren(...list.body.sessions.map(deviceItem));
  return list;
}

function fillUser({ name, email, email_verified, roles, created_at, profile }) {
  const rows = [
    ['Name', name || 'none'],
    ['E-mail', `${email} (${email_verified ? 'verified' : 'not verified'})`],
    ['Roles', roles.join(', ') || 'none'],
    ['Created', time(created_at)],
    ...profileRows(profile ?? {}),
  ];
  byId('user').replaceChildren(...rows.flatMap(([term, value]) => [element('dt', term), element('dd', value)]));
}

/** The profile belongs to the application: whatever fields it has are shown under their own names. */
function profileRows(profile) {
  return Object.entries(profile).map(([field, value]) => {
    const words = field.replaceAll('_', ' ');
    const text = Array.isArray(value) ? value.join(', ') : String(value ?? '');
    return [words[0].toUpperCase() + words.slice(1), text || 'none'];
  });
}

function deviceItem(session) {
  const name = element('p', session.user_agent || 'Unknown device');
  name.id = `device-${session.id}`;
  const facts = element('p', `${session.ip || 'Unknown address'}, since `, time(session.created_at), ', last seen ',
    time(session.last_seen_at));
  facts.className = 'hint';
  return element('li', element('div', name, facts), session.current ? currentMark() : endButton(session, name));
}

function currentMark() {
  const mark = element('strong', 'This device');
  mark.className = 'current';
  return mark;
}

function endButton({ id }, name) {
  const button = element('button', 'End session');
  button.type = 'button';
  button.setAttribute('aria-describedby', name.id); // "End session" alone would not say which
  button.addEventListener('click', () => whileBusy(button, async () => {
    await change(request('DELETE', `${AUTH}/sessions/${encodeURIComponent(id)}`), 'The session has ended.');
    if (!button.isConnected && shown === 'account') byId('devices-title').focus();
  }));
  return button;
}

async function signOut(scope) {
  const sent = request('POST', `${AUTH}/signout`, { scope });
  if (scope === 'others') return change(sent, 'All other devices are signed out.');
  const answer = await sent;
  if (answer.ok || answer.status === 401) enterSignIn('You are signed out.', 'good');
  else say('account', explain(answer), 'error');
}

/** Reports a change of the sessions. The list is read again even after a failure: it may be what was out of date. */
async function change(sent, done) {
  const answer = await sent;
  const opened = await openAccount();
  if (opened.status === 401) return enterSignIn(SESSION_ENDED, 'error');
  const failed = [answer, opened].find(({ ok }) => !ok);
  say('account', failed ? explain(failed) : done, failed ? 'error' : 'good');
}

// ---- Guarded routes ----

async function tryRoute(path) {
  const { status, text } = await get(path);
  byId('guarded-answer').textContent = `GET ${path}\n${status || 'no answer'}\n${text}`;
}

// ---- Start ----

async function start() {
  byId('retry').hidden = true;
  show('starting');
  say('starting', 'One moment …');
  const answer = await openAccount();
  if (answer.ok) return show('account');
  if (answer.status === 401) return show(formInHash());
  // Not known to be signed out, so the forms would be the wrong thing to show.
  say('starting', explain(answer), 'error');
  byId('retry').hidden = false;
}

bindForm('sign-in', `${AUTH}/signin`, signInBody);
bindForm('sign-up', `${AUTH}/signup`, signUpBody);
byId('retry').addEventListener('click', async () => {
  await start();
  (byId(shown).querySelector('h2') ?? byId('retry')).focus(); // the button had the focus and was hidden
});
for (const button of document.querySelectorAll('[data-scope]')) {
  button.addEventListener('click', () => whileBusy(button, () => signOut(button.dataset.scope)));
}
for (const button of document.querySelectorAll('[data-path]')) {
  button.addEventListener('click', () => whileBusy(button, () => tryRoute(button.dataset.path)));
}
addEventListener('hashchange', () => {
  if (shown === 'sign-in' || shown === 'sign-up') enter(formInHash());
});
// A page taken back out of the history shows an account that may have been left since.
addEventListener('pageshow', ({ persisted }) => { if (persisted) start(); });
start();
