// Inquiry Desk on another site: <script src="https://desk.example/widget.js" data-language="en" async></script>
// One button that opens the chat in a frame. Sets no cookie, stores nothing, asks no third party.
"use strict";

(() => {
  const words = {{ words | tojson }};
  const script = document.currentScript;
  const desk = new URL(script.src).origin;
  const asked = script.dataset.language || document.documentElement.lang || "zh-Hans";
  const language = /^en/i.test(asked) ? "en" : /hant|tw|hk|mo/i.test(asked) ? "zh-Hant" : "zh-Hans";
  const say = words[language];

  const make = (tag, attributes, style) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    Object.assign(element.style, style); // set one by one: a strict content security policy allows that
    return element;
  };

  const root = make("div", { lang: language }, { all: "initial", position: "fixed", insetInlineEnd: "16px", bottom: "16px", zIndex: "2147483000" });
  const button = make("button", { type: "button", "aria-expanded": "false", "aria-haspopup": "dialog" }, {
    all: "revert", boxSizing: "border-box", display: "block", marginInlineStart: "auto", minHeight: "52px", padding: "0 22px",
    border: "0", borderRadius: "26px", background: "#0f5c5c", color: "#fff", cursor: "pointer",
    font: "600 16px/1.4 system-ui, 'PingFang SC', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif",
    boxShadow: "0 4px 18px rgb(0 0 0 / 28%)",
  });
  const panel = make("div", { role: "dialog", "aria-label": say.title }, {
    display: "none", boxSizing: "border-box", width: "min(400px, calc(100vw - 32px))", height: "min(640px, calc(100vh - 100px))",
    marginBottom: "12px", borderRadius: "16px", overflow: "hidden", background: "#fff", boxShadow: "0 10px 44px rgb(0 0 0 / 34%)",
  });
  let frame = null;

  function open() {
    if (!frame) {
      frame = make("iframe", { src: `${desk}/?embed=1&language=${language}`, title: say.title, referrerpolicy: "no-referrer" }, {
        all: "revert", boxSizing: "border-box", display: "block", width: "100%", height: "100%", border: "0",
      });
      panel.append(frame);
    }
    panel.style.display = "block";
    button.setAttribute("aria-expanded", "true");
    button.textContent = say.close;
    frame.focus();
  }

  function close() {
    panel.style.display = "none";
    button.setAttribute("aria-expanded", "false");
    button.textContent = say.open;
    button.focus();
  }

  const isOpen = () => panel.style.display !== "none";

  button.textContent = say.open;
  button.addEventListener("click", () => (isOpen() ? close() : open()));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && isOpen()) close(); });
  addEventListener("message", (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== desk) return;
    if (event.data?.desk === "close") close();
    if (event.data?.desk === "leave") location.replace("about:blank");
  });

  root.append(panel, button);
  const add = () => document.body.append(root);
  if (document.body) add();
  else addEventListener("DOMContentLoaded", add);
})();
