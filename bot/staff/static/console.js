// Makes the console live. Everything here also works without it, by forms and reloading.
"use strict";

(() => {
  const root = document.documentElement;
  const body = document.body;
  const find = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const LIVE = { "X-Console": "live" };
  root.classList.add("js");

  // --- what the page's own requests get back -----------------------------------------------------------

  async function part(url) {
    const response = await fetch(url, { headers: LIVE, cache: "no-store" });
    if (response.status === 401) signedOut();
    if (!response.ok) throw new Error(String(response.status));
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    online();
    return page;
  }

  const banner = find("[data-live-banner]");

  function signedOut() {
    if (!banner || banner.dataset.ended) return;
    banner.dataset.ended = "yes";
    banner.textContent = body.dataset.signedOut + " ";
    const link = document.createElement("a");
    link.href = body.dataset.signIn;
    link.target = "_blank";
    link.textContent = body.dataset.signInWords;
    banner.append(link);
    banner.hidden = false;
  }

  let offlineSoon = 0;
  function offline() {
    if (!banner || banner.dataset.ended) return;
    clearTimeout(offlineSoon);
    offlineSoon = setTimeout(() => {
      banner.textContent = body.dataset.offline;
      banner.hidden = false;
    }, 2500);
  }
  function online() {
    clearTimeout(offlineSoon);
    if (banner && !banner.dataset.ended) banner.hidden = true;
  }

  // --- the stream of ids ------------------------------------------------------------------------------

  // Browsers allow few connections to one host, so of all open tabs one holds the stream and passes on what
  // it hears; when it goes, another takes its place.

  const listeners = [];
  function follow() {
    if (!body.dataset.stream || !listeners.length) return;
    const others = new BroadcastChannel("desk-news");
    others.addEventListener("message", (event) => hear(event.data));
    const say = (news) => { hear(news); others.postMessage(news); };
    if (navigator.locks) navigator.locks.request("desk-stream", () => new Promise((release) => listen(say, release)));
    else listen(say, () => {});
    // A page taken from the browser's memory has missed what happened meanwhile.
    addEventListener("pageshow", (event) => { if (event.persisted) hear({ what: "ready" }); });
  }
  function listen(say, release) {
    const stream = new EventSource(body.dataset.stream);
    stream.addEventListener("ready", () => say({ what: "ready" }));
    stream.addEventListener("resumed", () => say({ what: "online" }));  // what was missed comes as changes
    stream.addEventListener("change", (event) => say({ what: "change", change: JSON.parse(event.data) }));
    stream.addEventListener("signed-out", () => { stream.close(); say({ what: "signed-out" }); release(); });
    stream.addEventListener("error", async () => {
      say({ what: "offline" });
      if (stream.readyState !== EventSource.CLOSED) return;  // the browser tries again by itself
      await part(find("[data-banners]").dataset.banners).catch(() => {});
      if (banner.dataset.ended) release();
      else setTimeout(() => listen(say, release), 5000);
    });
  }
  function hear(news) {
    if (news.what === "offline") offline();
    else if (news.what === "signed-out") signedOut();
    else if (news.what === "online") online();
    else { online(); tell(news.change || { kind: "all", id: "" }); }
  }
  function tell(change) {
    for (const listener of listeners) listener(change);
  }
  function gathered(work, wait) {
    let timer = 0, running = false, again = false;
    async function run() {
      if (running) { again = true; return; }
      running = true;
      try { await work(); } catch { /* the banner says so; the next change tries again */ }
      running = false;
      if (again) { again = false; timer = setTimeout(run, wait); }
    }
    return () => { clearTimeout(timer); timer = setTimeout(run, wait); };
  }
  const about = (change, kind, id) => change.kind === "all" || (change.kind === kind && (!id || !change.id || change.id === id));

  // --- the queue ---------------------------------------------------------------------------------------

  const queue = find("[data-queue]");
  if (queue) {
    const pill = find("[data-pending]");
    const summary = find("[data-summary]");
    const announce = find("[data-announce]");
    const title = document.title;
    let waiting = null;
    let used = 0;

    const rows = (box) => all(".row", box);
    const ids = (box) => new Set(rows(box).map((row) => row.dataset.id));
    const busy = () => queue.matches(":hover") && Date.now() - used < 10000 || queue.contains(document.activeElement);
    queue.addEventListener("pointermove", () => { used = Date.now(); });

    function head(box) {
      const urgent = Number(box.dataset.urgent);
      summary.textContent = box.dataset.summaryWords;
      document.title = (urgent ? `(!${urgent}) ` : "") + title;
    }

    function show() {
      if (!waiting) return;
      const held = document.activeElement && document.activeElement.closest ? document.activeElement.closest(".row") : null;
      const id = held && held.dataset.id;
      queue.replaceChildren(...waiting.childNodes);
      waiting = null;
      pill.hidden = true;
      const row = id && rows(queue).find((one) => one.dataset.id === id);
      if (row) find("a", row).focus({ preventScroll: true });
    }

    // Under a pointer or the keyboard nothing moves: rows change in place, the order waits.
    function inPlace(next) {
      const newer = new Map(rows(next).map((row) => [row.dataset.id, row]));
      let moved = rows(next).length !== rows(queue).length;
      for (const row of rows(queue)) {
        const renewed = newer.get(row.dataset.id);
        if (!renewed) { row.classList.add("gone"); moved = true; continue; }
        if (renewed.innerHTML !== row.innerHTML || renewed.className !== row.className) {
          const focused = row.contains(document.activeElement);
          row.className = renewed.className;
          row.innerHTML = renewed.innerHTML;
          if (focused) find("a", row).focus({ preventScroll: true });
        }
      }
      return moved;
    }

    async function renew() {
      const page = await part(queue.dataset.queue);
      const box = find(".rows-box", page);
      if (!box) return;
      const before = ids(queue);
      const arrived = rows(page).filter((row) => !before.has(row.dataset.id));
      if (arrived.length) {
        const urgent = arrived.some((row) => "urgent" in row.dataset);
        announce.textContent = urgent ? announce.dataset.urgentWords : announce.dataset.newWords;
      }
      head(box);
      waiting = page.body;
      if (busy() && rows(queue).length) {
        const moved = inPlace(box);
        pill.textContent = arrived.length > 1 ? pill.dataset.other : pill.dataset.one;
        pill.hidden = !moved;
        if (!moved) waiting = null;
      } else {
        show();
      }
    }

    const soon = gathered(renew, 120);
    listeners.push((change) => { if (about(change, "situation")) soon(); });
    setInterval(soon, 60000);
    pill.addEventListener("click", () => { show(); const first = find(".row-link", queue); if (first) first.focus(); });
    queue.addEventListener("pointerleave", () => { if (!queue.contains(document.activeElement)) show(); });
    head(find(".rows-box", queue));
  }

  // --- one situation ------------------------------------------------------------------------------------

  const situation = find("[data-situation]");
  const composer = find("[data-composer]");
  const news = find("[data-news]");

  function say(text) {
    if (!news || news.dataset.said === text) return;
    news.dataset.said = text;
    news.textContent = text + " ";
    const link = document.createElement("a");
    link.href = location.pathname;
    link.textContent = news.dataset.reload;
    news.append(link);
    news.hidden = false;
  }

  let saveNow = async () => true;

  if (situation) {
    const first = find("[data-state]").dataset;
    const known = { updated: first.updated, inquiries: first.inquiries, settled: first.settled, others: first.others };

    async function renewState() {
      const old = find("[data-state]");
      const page = await part(old.dataset.url);
      const state = find("[data-state]", page);
      if (!state) return;
      const focused = old.contains(document.activeElement);
      old.replaceWith(state);
      if (focused) { const button = find("button", state); if (button) button.focus({ preventScroll: true }); }
      const open = "opened" in situation.dataset;
      if (state.dataset.settled && !known.settled) {
        if (composer) { say(news.dataset.settled); stop(); } else if (open) say(news.dataset.settled);
      } else if (state.dataset.others && !known.others) {
        if (composer) { say(news.dataset.taken); stop(); }
      } else if (open && !state.dataset.settled && (state.dataset.updated !== known.updated || state.dataset.inquiries !== known.inquiries)) {
        say(news.dataset.more);
      } else if (composer && composer.dataset.stopped && !state.dataset.others) {
        start();
      }
      known.others = state.dataset.others;
    }
    const soon = gathered(renewState, 120);
    listeners.push((change) => { if (about(change, "situation", situation.dataset.situation)) soon(); });
    setInterval(soon, 60000);

    async function renewDeliveries() {
      if (!find("[data-moving]")) return;
      // Not the page itself: showing words again is a reading, and is recorded.
      const page = await part(`${location.pathname}/deliveries${location.search}`);
      for (const list of all("[data-deliveries]")) {
        const newer = find(`[data-deliveries="${CSS.escape(list.dataset.deliveries)}"]`, page);
        if (newer) list.replaceWith(newer);
      }
    }
    const deliveriesSoon = gathered(renewDeliveries, 400);
    listeners.push((change) => { if (about(change, "delivery")) deliveriesSoon(); });
  }

  function stop() {
    composer.dataset.stopped = "yes";
    for (const button of all("button", composer)) button.disabled = true;
  }
  function start() {
    delete composer.dataset.stopped;
    delete news.dataset.said;
    news.hidden = true;
    for (const button of all("button", composer)) button.disabled = false;
  }

  if (composer) {
    const text = find("#text", composer);
    const state = find("[data-draft-state]", composer);
    const length = find("[data-length]", composer);
    let saved = text.value;
    let timer = 0;
    let sending = false;

    const count = () => { length.textContent = text.value.length ? `(${[...text.value].length})` : ""; };
    const fit = () => {
      if (text.scrollHeight > text.clientHeight) text.style.height = `${Math.min(text.scrollHeight + 4, innerHeight * 0.6)}px`;
    };

    saveNow = async () => {
      clearTimeout(timer);
      if (sending || composer.dataset.stopped || text.value === saved) return true;
      const value = text.value;
      const form = new URLSearchParams({ csrf: composer.elements.csrf.value, text: value });
      state.textContent = composer.dataset.saving;
      try {
        const response = await fetch(composer.dataset.draft, { method: "POST", headers: LIVE, body: form, keepalive: true });
        if (response.status === 401) signedOut();
        if (!response.ok) throw new Error(String(response.status));
        saved = value;
        state.textContent = composer.dataset.saved;
        return true;
      } catch {
        state.textContent = composer.dataset.unsaved;
        timer = setTimeout(saveNow, 8000);
        return false;
      }
    };

    text.addEventListener("input", () => {
      count(); fit();
      clearTimeout(timer);
      timer = setTimeout(saveNow, 700);
    });
    addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") saveNow(); });
    composer.addEventListener("submit", (event) => {
      if (sending) { event.preventDefault(); return; }
      sending = true;
      clearTimeout(timer);
    });
    addEventListener("pageshow", (event) => { if (event.persisted) sending = false; });
    addEventListener("beforeunload", (event) => { if (!sending && text.value !== saved) { saveNow(); event.preventDefault(); } });

    for (const button of all("[data-insert]")) {
      button.addEventListener("click", () => insert(button.dataset.insert));
    }
    function insert(number) {
      const words = find(`[data-words="${number}"]`);
      if (!words || composer.dataset.stopped) return;
      const start = text.selectionStart, end = text.selectionEnd;
      const before = text.value.slice(0, start);
      const glue = before && !before.endsWith("\n") ? "\n\n" : "";
      text.setRangeText(glue + words.textContent.trim(), start, end, "end");
      text.dispatchEvent(new Event("input"));
      text.focus();
    }
    composer.insertNear = insert;
    count(); fit();
  }

  // --- urgent situations nobody has taken note of --------------------------------------------------------

  const alarms = find("[data-alarms]");
  if (alarms) {
    const silent = find("[data-silent]");
    const EVERY = 15000;
    let context = null;
    let ringing = 0;

    const mine = () => all("[data-alarm][data-sound]", alarms).map((one) => one.dataset.alarm).join(" ");
    const heldBack = () => !context || context.state !== "running";

    // Two notes, made here: no file, no other host. Browsers hold sound back until somebody has touched the page.
    function note(at, pitch) {
      const tone = context.createOscillator(), volume = context.createGain();
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, at);
      volume.gain.exponentialRampToValueAtTime(0.25, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.32);
      tone.connect(volume).connect(context.destination);
      tone.start(at);
      tone.stop(at + 0.35);
    }
    function ring() {
      context = context || new AudioContext();
      silent.hidden = !heldBack();
      if (heldBack()) { context.resume().then(() => { silent.hidden = !heldBack() || !mine(); }).catch(() => {}); return; }
      alarms.dataset.rang = String(Number(alarms.dataset.rang || 0) + 1);
      note(context.currentTime, 880);
      note(context.currentTime + 0.4, 660);
    }
    // Of several open tabs one is enough to hear.
    function sound() {
      if (!mine()) return;
      if (navigator.locks) navigator.locks.request("desk-sound", { ifAvailable: true }, async (lock) => {
        if (!lock) return;
        ring();
        await new Promise((done) => setTimeout(done, 900));
      });
      else ring();
    }
    let before = "";
    function heed() {
      const now = mine();
      if (!now) { clearInterval(ringing); ringing = 0; silent.hidden = true; }
      else if (!ringing) ringing = setInterval(sound, EVERY);
      if (now && now !== before) sound();
      before = now;
    }
    function touched() {
      if (!mine() || !heldBack()) return;
      context = context || new AudioContext();
      context.resume().then(() => { silent.hidden = !heldBack(); if (!heldBack()) ring(); }).catch(() => {});
    }
    find("[data-let-sound]").addEventListener("click", touched);
    addEventListener("pointerdown", touched);
    addEventListener("keydown", touched);

    const soon = gathered(async () => {
      const page = await part(alarms.dataset.alarms);
      if (page.body.innerHTML.trim() === alarms.innerHTML.trim()) return;
      const focused = alarms.contains(document.activeElement);
      alarms.replaceChildren(...page.body.childNodes);
      const button = find("button", alarms);
      if (focused && button) button.focus({ preventScroll: true });
      heed();
    }, 100);
    listeners.push((change) => { if (about(change, "alarm")) soon(); });
    setInterval(soon, 60000);
    heed();
  }

  // --- what stands above every page, and lists that may change ---------------------------------------------

  const banners = find("[data-banners]");
  if (banners) {
    const soon = gathered(async () => {
      const page = await part(banners.dataset.banners);
      const open = find("details[open]", banners);
      if (page.body.innerHTML.trim() === banners.innerHTML.trim() || open) return;
      banners.replaceChildren(...page.body.childNodes);
    }, 500);
    setInterval(soon, 30000);
    listeners.push((change) => { if (about(change, "content")) soon(); });
  }

  const list = find("[data-list]");
  if (list) {
    const soon = gathered(async () => {
      const newer = find("[data-list]", await part(location.pathname + location.search));
      if (newer && !list.contains(document.activeElement)) list.replaceChildren(...newer.childNodes);
    }, 300);
    listeners.push((change) => { if (about(change, "entry")) soon(); });
  }

  // --- one entry ----------------------------------------------------------------------------------------

  const entry = find("[data-entry]");
  if (entry && news) {
    listeners.push((change) => {
      if (change.kind === "entry" && change.id === entry.dataset.entry) say(news.dataset.changed);
    });
  }

  // --- small helps --------------------------------------------------------------------------------------

  for (const box of all("[data-show]")) {
    box.addEventListener("change", () => {
      for (const id of box.dataset.show.split(" ")) document.getElementById(id).type = box.checked ? "text" : "password";
    });
  }
  for (const field of all("[data-copy]")) field.addEventListener("focus", () => field.select());

  // --- keyboard -----------------------------------------------------------------------------------------

  const sheet = find("[data-sheet]");
  if (sheet) {
    const opener = find("[data-keys]");
    const on = find("[data-keys-on]");
    let wish = "yes";
    try { wish = localStorage.getItem("desk-keys") || "yes"; } catch { /* private windows may refuse */ }
    on.checked = wish === "yes";
    on.addEventListener("change", () => {
      try { localStorage.setItem("desk-keys", on.checked ? "yes" : "no"); } catch { /* then for this page only */ }
    });
    opener.hidden = false;
    opener.addEventListener("click", () => sheet.showModal());

    const writing = (element) => element.matches("input, textarea, select, [contenteditable]");
    let after = "";
    let afterSoon = 0;

    function step(by) {
      const links = all(".row:not(.gone) .row-link, .entry-link");
      if (!links.length) return;
      const at = links.indexOf(document.activeElement);
      const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.max(0, Math.min(links.length - 1, at + by));
      links[next].focus();
      links[next].scrollIntoView({ block: "nearest" });
    }

    addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && composer && composer.contains(event.target)) {
        event.preventDefault();
        find("[data-send]", composer).click();
        return;
      }
      if (event.key === "Escape" && writing(event.target)) { event.target.blur(); return; }
      if (!on.checked || event.ctrlKey || event.metaKey || event.altKey || writing(event.target) || sheet.open) return;
      const key = event.key;
      const chord = after + key;
      after = "";
      clearTimeout(afterSoon);
      const deeds = {
        "j": () => step(1),
        "k": () => step(-1),
        "/": () => { find("#find").focus(); find("#find").select(); },
        "?": () => sheet.showModal(),
        "gq": () => find(".places a").click(),
        "gk": () => all(".places a")[1].click(),
        "c": () => { const button = find("[data-claim]"); if (button) button.click(); },
        "r": () => { if (composer) find("#text", composer).focus(); },
      };
      if (composer && /^[1-5]$/.test(key)) { event.preventDefault(); composer.insertNear(key); return; }
      if (key === "g") { after = "g"; afterSoon = setTimeout(() => { after = ""; }, 1200); return; }
      const deed = deeds[chord] || deeds[key];
      if (deed) { event.preventDefault(); deed(); }
    });
  }

  follow();
})();
