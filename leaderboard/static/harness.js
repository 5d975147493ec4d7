// What all pages share: data files loaded on demand, elements made without markup, the address.
// A data file is a plain script of one statement, HARNESS.receive("KEY", JSON), since pages that are
// opened from a disk may load scripts, but not fetch files.
"use strict";

var HARNESS = (function () {
  const root = document.body.dataset.root || "";
  /** @type {Map<string, *>} What has been received, by key. */
  const received = new Map();
  /** @type {Map<string, Promise>} What has been asked for, by path. */
  const asked = new Map();

  /** Called by data files. */
  function receive(key, value) {
    received.set(key, value);
  }

  /**
   * Load a data file, once.
   * @param {string} path from the root of the site
   * @param {string} key by which the file hands over its value
   * @returns {Promise<*>} the value; rejected with a sentence when it cannot be had
   */
  function load(path, key) {
    if (!asked.has(path)) asked.set(path, new Promise((resolve, reject) => {
      const script = make("script", { src: root + path.split("/").map(encodeURIComponent).join("/") });
      const ended = (act) => () => {
        script.remove();
        act();
      };
      script.onload = ended(() => {
        if (received.has(key)) resolve(received.get(key));
        else reject(new Error(path + " does not bring " + key + "."));
      });
      script.onerror = ended(() => {
        asked.delete(path);
        reject(new Error(path + " cannot be loaded."));
      });
      document.body.append(script);
    }));
    return asked.get(path);
  }

  /**
   * Make an element. Text stays text: nothing here reads markup.
   * @param {string} name
   * @param {Object<string, *>} [attributes] `on…` are listeners, `true` is an empty attribute,
   *   null and false are left out
   * @param {...(Node|string|null)} children
   * @returns {HTMLElement}
   */
  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else element.setAttribute(key, value === true ? "" : String(value));
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  /** An answer or an id, whose writing direction stays its own: they come from strangers. */
  function foreign(text) {
    return make("bdi", {}, text);
  }

  /**
   * A name that a stranger gave, for one line: with a mark for every character that has no form of
   * its own, and cut; the same as harness.leaderboard.pages.typeset.cut.
   * @param {string} text
   * @param {number} limit how many characters may show
   */
  function cut(text, limit) {
    const spaced = text.trim().replace(/\s+/g, " ");
    const visible = [...spaced.replace(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, "\ufffd")];
    return visible.length <= limit ? visible.join("") : visible.slice(0, limit - 1).join("").trimEnd() + "…";
  }

  /**
   * Fill a <select>.
   * @param {HTMLSelectElement} select
   * @param {Array<{value: string, text: string, group?: string}>} options neighbours of one
   *   group stand under its name
   * @param {string} chosen
   */
  function fillSelect(select, options, chosen) {
    select.replaceChildren();
    let group = null;
    for (const option of options) {
      if (option.group && (!group || group.label !== option.group)) {
        group = make("optgroup", { label: option.group });
        select.append(group);
      }
      (option.group ? group : select).append(make("option", { value: option.value }, option.text));
    }
    select.value = chosen;
  }

  /** A labelled control; the label is what a screen reader says. */
  function labelled(text, control) {
    return make("label", { class: "control" }, make("span", {}, text), control);
  }

  /**
   * Read the view from the address: `#b=slug&q=text`.
   * @returns {Object<string, string>}
   */
  function readView() {
    return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  }

  /** Write a view as the fragment of an address; empty values are left out. */
  function viewHash(view) {
    const kept = Object.entries(view).filter(([, value]) => value !== null && value !== "");
    return "#" + new URLSearchParams(kept).toString().replaceAll("%3A", ":").replaceAll("%2C", ",");
  }

  /**
   * Put the view into the address.
   * @param {Object<string, ?string>} view
   * @param {boolean} step whether the browser's back button shall undo it
   */
  function writeView(view, step) {
    const hash = viewHash(view);
    if (hash === (location.hash || "#")) return;
    if (step) history.pushState(null, "", hash);
    else history.replaceState(null, "", hash);
  }

  /** Call back whenever the address brings another view: back, forward, a link, typing. */
  function onView(callback) {
    window.addEventListener("popstate", callback);
  }

  /** Collect quick calls into the last one, `delay` milliseconds after it. */
  function later(callback, delay) {
    let timer = 0;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(callback, delay);
    };
  }

  /**
   * Make the function that draws a page's #status and #result for the view of the address.
   * @param {function(function(): boolean): Promise} draw is given a function that tells whether a
   *   newer call has begun; files may arrive late, and the last call counts
   * @returns {function(): Promise<void>} never rejected: what went wrong stands in #status
   */
  function drawing(draw) {
    const [status, result] = ["status", "result"].map((id) => document.getElementById(id));
    let turn = 0;
    return async () => {
      turn += 1;
      const mine = turn;
      const late = () => mine !== turn;
      result.setAttribute("aria-busy", "true");
      try {
        await draw(late);
      } catch (error) {
        if (!late()) status.textContent = error.message;
      }
      if (!late()) result.setAttribute("aria-busy", "false");
    };
  }

  return Object.freeze({
    root, receive, load, make, foreign, cut, fillSelect, labelled,
    readView, viewHash, writeView, onView, later, drawing,
  });
})();
