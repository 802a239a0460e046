// Makes the chat page live: sends without a page load, shows replies as they come, and gives up nothing that
// was written. Without this script the page works as a plain form.
"use strict";

(() => {
  const page = document.body;
  const words = JSON.parse(page.dataset.words);
  const commands = JSON.parse(page.dataset.commands);
  const language = document.documentElement.lang;
  const longest = Number(page.dataset.longest);
  const links = pattern(page.dataset.links);
  const part = (id) => document.getElementById(id);
  const [scroll, log, box, form, notice, typing, newer] =
    ["scroll", "log", "box", "composer", "notice", "typing", "newer"].map(part);
  const title = document.title;

  // --- what this tab and this device remember

  const TOKEN = "conversation";
  const UNSENT = "unsent";
  const tab = storage("sessionStorage");
  const device = storage("localStorage");

  function storage(name) {
    // A browser may refuse storage, above all inside another site's frame; then the page holds it.
    try {
      const real = window[name];
      real.getItem(TOKEN);
      return real;
    } catch {
      const held = new Map();
      return {
        getItem: (key) => held.get(key) ?? null,
        setItem: (key, value) => held.set(key, value),
        removeItem: (key) => held.delete(key),
      };
    }
  }

  function keepQuietly(store, key, value) {
    try {
      store.setItem(key, value);
    } catch {
      // Full or forbidden: the page still holds it.
    }
  }

  let token = page.dataset.conversation || tab.getItem(TOKEN) || device.getItem(TOKEN);
  let start = page.dataset.start || null;

  function remember(value) {
    token = value;
    keepQuietly(tab, TOKEN, value);
    if (part("keep").checked) keepQuietly(device, TOKEN, value);
    part("link_address").value = `${location.origin}/c/${value}`;
    part("link").hidden = false;
  }

  function forget() {
    token = null;
    start = null;
    tab.removeItem(TOKEN);
    tab.removeItem(UNSENT);
    device.removeItem(TOKEN);
    part("link_address").value = "";
    part("link").hidden = true;
    stopListening();
  }

  // --- showing

  function pattern(source) {
    try {
      return new RegExp(source, "g");
    } catch {
      return null; // a browser too old for it: numbers stay plain text
    }
  }

  function linked(text) {
    const found = document.createDocumentFragment();
    let end = 0;
    for (const match of links ? text.matchAll(links) : []) {
      found.append(text.slice(end, match.index));
      const link = document.createElement("a");
      if (match[1]) {
        link.href = match[1];
        link.rel = "noreferrer noopener";
        link.target = "_blank";
        link.append(match[1]);
      } else {
        link.href = `tel:${match[2].replaceAll("-", "")}`;
        link.className = "tel";
        const number = document.createElement("bdi");
        number.append(match[2]);
        link.append(number);
      }
      found.append(link);
      end = match.index + match[0].length;
    }
    found.append(text.slice(end));
    return found;
  }

  function paragraphs(text) {
    return text.split("\n").filter((line) => line.trim()).map((line) => {
      const paragraph = document.createElement("p");
      paragraph.append(linked(line));
      return paragraph;
    });
  }

  function nameOf(turn) {
    if (turn.from === "citizen") return words.you;
    if (turn.kind === "staff_answer" || turn.kind === "staff_note") return words.staff;
    return turn.kind === "urgent" ? words.urgent : words.automatic;
  }

  function clock(at) {
    const time = new Date(at);
    const short = { hour: "2-digit", minute: "2-digit", hour12: false };
    const today = time.toDateString() === new Date().toDateString();
    return time.toLocaleString(language, today ? short : { ...short, year: "numeric", month: "2-digit", day: "2-digit" });
  }

  function element(turn) {
    const article = part("turn_template").content.firstElementChild.cloneNode(true);
    const inside = (selector) => article.querySelector(selector);
    article.classList.add(turn.from, turn.kind);
    article.dataset.id = turn.id;
    inside(".name").textContent = nameOf(turn);
    inside("time").dateTime = turn.at;
    inside("time").textContent = clock(turn.at);
    const said = inside(".words");
    if (turn.language) said.lang = turn.language;
    if (turn.from === "citizen") said.textContent = commands[turn.text] ?? turn.text;
    else said.append(...paragraphs(turn.text));
    if (turn.reference) inside(".reference bdi").textContent = turn.reference;
    else inside(".reference").remove();
    if (turn.source) {
      inside(".source a").href = turn.source;
      inside(".source a").textContent = inside(".source a").hostname || turn.source;
    } else inside(".source").remove();
    const dated = inside(".dated");
    if (turn.dated) dated.textContent = dated.textContent.replace("{date}", turn.dated);
    else dated.remove();
    if (turn.document && token) inside(".document a").href = `/api/conversations/${token}/data`;
    else inside(".document").remove();
    if (!inside(".facts").firstElementChild) inside(".facts").remove();
    return article;
  }

  const shown = (id) => log.querySelector(`[data-id="${CSS.escape(id)}"]`);

  function buttons(turn) {
    const group = document.createElement("form");
    group.className = "options";
    group.setAttribute("aria-label", words.options);
    for (const option of turn.options) {
      const button = document.createElement("button");
      button.className = "chip";
      button.name = "option";
      button.value = option.id;
      button.textContent = option.title;
      group.append(button);
    }
    return group;
  }

  function dropOptions() {
    for (const old of log.querySelectorAll(".options")) old.remove();
  }

  // Adds a turn at its place: after `after`, or at the end. Returns its element, old or new.
  function show(turn, { after = null, withOptions = true, announce = false } = {}) {
    const before = shown(turn.id);
    if (before) return before;
    const article = element(turn);
    if (announce && turn.kind === "urgent") {
      const said = article.querySelector(".words");
      said.setAttribute("role", "alert");
      setTimeout(() => said.removeAttribute("role"), 10_000); // once: never again when the log changes
    }
    if (after) after.after(article);
    else log.append(article);
    if (withOptions && turn.from === "desk" && turn.options.length) article.after(buttons(turn));
    part("starters").hidden = true;
    part("welcome").open = false;
    return article;
  }

  const atEnd = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 120;

  // Moves to the end, but never so far that the beginning of what is new has left the window.
  function follow(article) {
    newer.hidden = true;
    const own = article?.previousElementSibling?.classList.contains("citizen") ? article.previousElementSibling : article;
    const room = scroll.scrollHeight - scroll.clientHeight;
    const top = own ? own.getBoundingClientRect().top - scroll.getBoundingClientRect().top + scroll.scrollTop - 12 : room;
    scroll.scrollTop = article && article.offsetHeight > scroll.clientHeight * 0.6 ? Math.min(top, room) : room;
    if (getComputedStyle(scroll).overflowY === "visible") article?.scrollIntoView({ block: "nearest" });
  }

  function between(text) {
    const line = document.createElement("p");
    line.className = "between";
    line.textContent = text;
    log.append(line);
  }

  function say(text) {
    if (notice.textContent !== text) notice.textContent = text;
  }

  function showReplies(replies) {
    const follows = atEnd();
    let first = null;
    for (const reply of replies) {
      if (shown(reply.id)) continue;
      const article = show({ ...reply, from: "desk", at: new Date().toISOString() }, { announce: true });
      first ??= article;
      if (reply.kind === "receipt") part("waiting").hidden = false;
      if (reply.kind === "staff_answer") part("waiting").hidden = true;
    }
    if (!first) return;
    if (follows) follow(first);
    else newer.hidden = false;
    if (document.hidden) document.title = `(${words.unread}) ${title}`;
  }

  // --- catching up

  async function sync() {
    if (!token) return;
    let answer;
    try {
      answer = await fetch(`/api/conversations/${token}`, { headers: { "Accept-Language": language }, cache: "no-store" });
    } catch {
      return; // the stream says when the connection is back
    }
    if (answer.status === 404) return ended();
    if (!answer.ok) return;
    const { exchange, state } = await answer.json();
    const follows = atEnd();
    const lastQuestion = exchange.findLastIndex((turn) => turn.from === "citizen");
    let place = null;
    let added = null;
    if (!pending.length) dropOptions();
    exchange.forEach((turn, index) => {
      const known = shown(turn.id);
      const old = known ?? place?.nextElementSibling;
      const article = known ?? show(turn, { after: place, withOptions: false });
      if (!known) added = article;
      if (known && old) settled(known);
      place = article;
      if (index > lastQuestion && turn.from === "desk" && turn.options.length && !pending.length) {
        const group = buttons(turn);
        article.after(group);
        place = group;
      }
    });
    part("waiting").hidden = state !== "waiting";
    if (added && follows) follow(added);
  }

  function ended() {
    const hadWords = log.firstElementChild !== null;
    forget();
    dropOptions();
    part("waiting").hidden = true;
    if (hadWords) between(words.expired);
  }

  // --- new replies as they happen

  let stream = null;
  let again = null;
  let lost = 0;

  function listen() {
    clearTimeout(again);
    if (!token || stream) return;
    const opened = new EventSource(`/api/conversations/${token}/stream`);
    stream = opened;
    opened.onopen = () => {
      sync(); // what was placed before the stream was open is found by reading
      lost = 0;
      online();
    };
    opened.onmessage = (event) => {
      const reply = JSON.parse(event.data);
      const known = shown(reply.id);
      showReplies([reply]);
      // A reply to something said in another tab: bring its question, too.
      if (!known && !pending.length && !reply.kind.startsWith("staff")) sync();
    };
    opened.onerror = () => {
      lost += 1;
      if (!navigator.onLine) say(words.offline);
      else if (lost > 1) say(words.reconnecting);
      if (opened.readyState !== EventSource.CLOSED) return;
      stopListening();
      again = setTimeout(async () => {
        await sync(); // a conversation that is gone ends here
        listen();
      }, Math.min(30_000, 1000 * 2 ** lost));
    };
  }

  function stopListening() {
    clearTimeout(again);
    stream?.close();
    stream = null;
  }

  function online() {
    if (navigator.onLine) say("");
  }

  // --- sending: one at a time, in order; what is not sent yet outlives a reload of the tab

  let pending = read(tab.getItem(UNSENT));
  let sending = false;
  let wait = null;
  let tries = 0;

  function read(text) {
    try {
      return JSON.parse(text) ?? [];
    } catch {
      return [];
    }
  }

  function savePending() {
    if (pending.length) keepQuietly(tab, UNSENT, JSON.stringify(pending));
    else tab.removeItem(UNSENT);
  }

  function send(content, label) {
    const message = { id: randomId(), content, label, at: new Date().toISOString() };
    pending.push(message);
    savePending();
    dropOptions();
    follow(showPending(message));
    flush();
  }

  function randomId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  }

  function showPending(message) {
    const turn = { id: message.id, from: "citizen", kind: "message", text: message.label, at: message.at, options: [] };
    const article = show(turn);
    article.classList.add("waits");
    return article;
  }

  function mark(article, text, retry) {
    article.querySelector(".state")?.remove();
    const state = document.createElement("p");
    state.className = "state";
    state.append(text);
    if (retry) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "chip";
      button.textContent = words.retry;
      button.addEventListener("click", () => { box.focus(); flush(); });
      state.append(button);
    }
    article.append(state);
  }

  function settled(article) {
    article.classList.remove("waits", "failed");
    article.querySelector(".state")?.remove();
  }

  async function flush() {
    clearTimeout(wait);
    if (sending || !pending.length) return;
    sending = true;
    const message = pending[0];
    const article = showPending(message);
    article.classList.remove("failed");
    const slow = setTimeout(() => { mark(article, words.sending); typing.hidden = false; if (atEnd()) follow(article); }, 400);
    let pause = null;
    try {
      pause = await attempt(message, article);
    } finally {
      clearTimeout(slow);
      typing.hidden = true;
      sending = false;
    }
    if (pause === null) {
      tries = 0;
      flush();
    } else {
      wait = setTimeout(flush, pause);
    }
  }

  // Returns null when the message is dealt with, else the milliseconds until it is worth trying again.
  async function attempt(message, article) {
    const body = { ...message.content, message_id: message.id, language };
    if (token) body.conversation = token;
    else if (start) body.start = start;
    let answer;
    let reply;
    try {
      answer = await fetch("/api/messages", {
        method: "POST",
        headers: { "Content-Type": "application/json", "Accept-Language": language },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(30_000),
      });
      reply = await answer.json();
    } catch {
      return unsent(article, navigator.onLine ? "" : words.offline);
    }
    if (answer.ok) {
      settled(article);
      drop(message);
      remember(reply.conversation);
      online();
      if (message.content.option === "erase-now") log.replaceChildren(); // what was erased is not left on the screen
      showReplies(reply.replies);
      listen();
      return null;
    }
    if (answer.status === 404 && body.conversation) {
      ended();
      log.append(article);
      return 0;
    }
    if (answer.status === 429 || answer.status >= 500) {
      const seconds = Math.min(120, Number(answer.headers.get("Retry-After")) || 5 * (tries + 1));
      tries += 1;
      say(reply.detail ?? "");
      article.classList.add("failed");
      mark(article, words.not_sent, true);
      return seconds * 1000;
    }
    // The desk will never take it as it is: say why, and give the words back.
    say(reply.detail ?? "");
    article.classList.remove("waits");
    article.classList.add("failed");
    mark(article, words.not_sent);
    if (message.content.text && !box.value) {
      box.value = message.content.text;
      resize();
      article.remove();
    }
    drop(message);
    return null;
  }

  function unsent(article, text) {
    tries += 1;
    article.classList.add("failed");
    mark(article, words.not_sent, true);
    say(text);
    return Math.min(30_000, 1000 * 2 ** tries);
  }

  function drop(message) {
    pending = pending.filter((other) => other.id !== message.id);
    savePending();
  }

  // --- the box and the buttons

  const fine = matchMedia("(pointer: fine)").matches;

  function resize() {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight + 2}px`;
    const length = [...box.value].length;
    const count = part("count");
    count.classList.toggle("over", length > longest);
    const text = length > longest * 0.9 ? words.too_long.replace("{length}", length).replace("{limit}", longest) : "";
    if (count.textContent !== text) count.textContent = text;
  }

  function closeMenus(except = null) {
    let closed = false;
    for (const menu of document.querySelectorAll(".menu[open]")) {
      if (menu === except) continue;
      menu.open = false;
      closed = true;
    }
    return closed;
  }

  document.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = event.submitter;
    if (event.target === form) {
      const text = box.value;
      if (!text.trim() || [...text].length > longest) return box.focus();
      say("");
      box.value = "";
      resize();
      send({ text }, text);
    } else if (button?.name) {
      send({ [button.name]: button.value }, button.textContent.trim());
    }
    closeMenus();
    // The keyboard of a phone should not jump up because a button was touched.
    if (fine || event.target === form) box.focus();
    else scroll.focus({ preventScroll: true });
  });

  box.addEventListener("input", resize);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229 || !fine) return;
    event.preventDefault();
    form.requestSubmit();
  });

  for (const menu of document.querySelectorAll(".menu")) {
    menu.addEventListener("toggle", () => menu.open && closeMenus(menu));
  }
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".menu")) closeMenus();
  });

  newer.addEventListener("click", () => { follow(log.lastElementChild); box.focus(); });
  scroll.addEventListener("scroll", () => { if (atEnd()) newer.hidden = true; }, { passive: true });

  const keep = part("keep");
  keep.checked = device.getItem(TOKEN) !== null;
  keep.addEventListener("change", () => {
    if (keep.checked && token) keepQuietly(device, TOKEN, token);
    if (!keep.checked) device.removeItem(TOKEN);
  });

  part("copy").addEventListener("click", async () => {
    part("link_address").select();
    try {
      await navigator.clipboard.writeText(part("link_address").value);
      part("copy").textContent = words.copied;
      setTimeout(() => { part("copy").textContent = words.copy; }, 2000);
    } catch {
      // It is selected: the person can copy it.
    }
  });

  part("forget").addEventListener("click", (event) => {
    event.preventDefault();
    forget();
    location.replace(event.currentTarget.href);
  });

  // --- leaving

  const embedded = document.documentElement.classList.contains("embedded") && window.parent !== window;

  function leave() {
    forget();
    pending = [];
    document.documentElement.hidden = true;
    document.title = "";
    const away = part("leave").href;
    if (embedded) window.parent.postMessage({ desk: "leave" }, "*");
    history.replaceState(null, "", "/");
    location.replace(away);
  }

  part("leave").addEventListener("click", (event) => { event.preventDefault(); leave(); });

  let escaped = -Infinity;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    if (closeMenus()) return;
    if (event.timeStamp - escaped < 1500) return leave();
    escaped = event.timeStamp;
    if (embedded) window.parent.postMessage({ desk: "close" }, "*");
  });

  // --- coming and going

  addEventListener("offline", () => say(words.offline));
  addEventListener("online", () => { say(""); flush(); });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    document.title = title;
    sync();
    flush();
  });
  addEventListener("pageshow", (event) => { if (event.persisted) sync(); });

  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--dock-height", `${document.querySelector(".dock").offsetHeight}px`);
  }).observe(document.querySelector(".dock"));

  document.documentElement.classList.add("live");
  for (const time of log.querySelectorAll("time")) time.textContent = clock(time.dateTime);
  if (token) {
    remember(token);
    // The private link is the key: it should not stay in the address bar or the history of a live page.
    if (page.dataset.conversation) history.replaceState(null, "", `/${location.search}`);
    listen();
    sync().then(() => follow(log.lastElementChild));
  }
  for (const message of pending) showPending(message);
  flush();
  resize();
  if (fine) box.focus({ preventScroll: true });
})();
