// The page shows what the stream of events says and nothing else: a change is sent to the server, and comes back to every
// open window, this one included, as the board's new content.

const $ = id => document.getElementById(id);
const list = $('items');

/** The items on the page, by id, to find those that changed. */
const shown = new Map();

function show(items) {
  const first = shown.size === 0 && list.childElementCount === 0;
  const ids = new Set(items.map(item => item.id));
  for (const id of [...shown.keys()].filter(id => !ids.has(id))) {
    row(id).remove();
    shown.delete(id);
  }
  items.forEach((item, index) => {
    const before = shown.get(item.id);
    const element = row(item.id) ?? create(item.id);
    if (list.children[index] !== element) {
      list.insertBefore(element, list.children[index] ?? null);
    }
    fill(element, item, index, items.length);
    if (!first && (before?.title !== item.title || before?.done !== item.done)) {
      flash(element);
    }
    shown.set(item.id, item);
  });
  const open = items.filter(item => !item.done).length;
  $('summary').textContent = items.length === 0 ? '' : `${open} of ${items.length} to do`;
  $('empty').hidden = items.length > 0;
}

function row(id) {
  return list.querySelector(`[data-id="${id}"]`);
}

function create(id) {
  const element = $('item').content.cloneNode(true).firstElementChild;
  element.dataset.id = id;
  const on = (selector, event, action) => element.querySelector(selector).addEventListener(event, action);
  on('.done', 'change', event => change(id, { done: event.target.checked }));
  on('.title', 'change', event => event.target.reportValidity() && change(id, { title: event.target.value }));
  on('.title', 'keydown', event => {
    if (event.key === 'Enter') event.target.blur();
    if (event.key === 'Escape') {
      event.target.value = shown.get(id).title;
      event.target.blur();
    }
  });
  on('.up', 'click', () => change(id, { position: indexOf(id) - 1 }));
  on('.down', 'click', () => change(id, { position: indexOf(id) + 1 }));
  on('.delete', 'click', () => send('DELETE', `items/${id}`));
  return element;
}

function fill(element, item, index, count) {
  const title = element.querySelector('.title');
  // Text being typed stays until the user leaves the field.
  if (document.activeElement !== title) title.value = item.title;
  title.setAttribute('aria-label', `Title of ${item.title}`);
  const done = element.querySelector('.done');
  done.checked = item.done;
  done.setAttribute('aria-label', `${item.title} is done`);
  element.querySelector('.up').disabled = index === 0;
  element.querySelector('.down').disabled = index === count - 1;
  for (const button of element.querySelectorAll('button')) {
    button.setAttribute('aria-label', `${button.title}: ${item.title}`);
  }
}

function indexOf(id) {
  return [...list.children].indexOf(row(id));
}

function flash(element) {
  element.classList.remove('changed');
  void element.offsetWidth; // restarts the animation
  element.classList.add('changed');
}

// Requests

function change(id, fields) {
  return send('PATCH', `items/${id}`, fields);
}

async function send(method, path, body) {
  try {
    const response = await fetch(path, {
      method,
      headers: body ? { 'Content-Type': 'application/json' } : {},
      body: body && JSON.stringify(body),
    });
    if (!response.ok) {
      const problem = await response.json().catch(() => ({}));
      throw new Error(problem.detail ?? `The server answered ${response.status}`);
    }
    say('');
    return true;
  } catch (error) {
    say(error instanceof TypeError ? 'The server cannot be reached; nothing was changed.' : error.message);
    // A change that the server refused is not shown.
    show([...shown.values()]);
    return false;
  }
}

function say(problem) {
  $('problem').textContent = problem;
  $('problem').hidden = problem === '';
}

$('add').addEventListener('submit', async event => {
  event.preventDefault();
  const title = $('title');
  if (await send('POST', 'items', { title: title.value })) title.value = '';
  title.focus();
});

// The stream

const RETRY_MILLIS = 1000;
const STATES = { connecting: 'Connecting', live: 'Live', waiting: 'Reconnecting' };

function state(name) {
  $('connection').dataset.state = name;
  $('connection').textContent = STATES[name];
}

function follow() {
  const events = new EventSource('events');
  events.addEventListener('board', event => {
    state('live');
    show(JSON.parse(event.data));
  });
  // A browser gives up by itself on some failures, such as a proxy's error page; we never do.
  events.onerror = () => {
    events.close();
    state('waiting');
    setTimeout(follow, RETRY_MILLIS);
  };
}

follow();
