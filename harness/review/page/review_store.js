// What the page reads and keeps: the files of the review, and the answers of one annotator.
//
// Answers are a history to which rows are only added. Each has a key of its own in localStorage, so
// two tabs never write over each other's. With a token in the address the page comes from `harness
// review serve`: then every row is sent there too, until the server says that it is on disk.
"use strict";

const REVIEW_STORE = (function () {
  const FIELDS = [
    "queue_sha256", "image_id", "image_sha256", "annotator", "pass", "labels", "status",
    "candidates", "order", "flags", "comment", "seconds", "at", "tool_version",
  ];
  const REFUSED = [400, 409, 413, 422];
  /** Milliseconds until a server that did not answer is asked again: from, up to. */
  const SOONEST = 500, LATEST = 15000;
  const token = tokenOfAddress();

  function tokenOfAddress() {
    const query = new URLSearchParams(location.search).get("token");
    if (query && location.protocol.startsWith("http")) {
      history.replaceState(null, "", location.pathname + "#token=" + encodeURIComponent(query));
    }
    return new URLSearchParams(location.hash.slice(1)).get("token");
  }

  /** The JSON of a row, with its fields in their order and no others. */
  function textOf(row) {
    return JSON.stringify(Object.fromEntries(FIELDS.map((field) => [field, row[field]])));
  }

  /** When a row was given; a row of another tool may not say it. */
  const timeOf = (row) => Date.parse(row.at) || 0;

  /** Ask the server; an error has `status`, 0 where there was no answer, and the server's sentence. */
  async function ask(path, options = {}) {
    let reply;
    try {
      const headers = { ...options.headers, "X-Review-Token": token };
      reply = await fetch(path, { ...options, headers, cache: "no-store" });
    } catch {
      throw Object.assign(new Error("The server does not answer."), { status: 0 });
    }
    if (reply.ok) return reply;
    const body = await reply.json().catch(() => ({}));
    const sentence = typeof body.detail === "string" ? body.detail : "The server answered " + reply.status + ".";
    throw Object.assign(new Error(sentence), { status: reply.status });
  }

  /**
   * Load a file of the review: `window.NAME = JSON;`. From a disk only a script may be loaded; from
   * the server the text comes with the token, and is read as JSON.
   */
  async function load(path, name) {
    if (token) {
      const text = await (await ask(path)).text();
      return JSON.parse(text.slice(text.indexOf("=") + 1).trim().replace(/;$/, ""));
    }
    await new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = path;
      script.onload = resolve;
      script.onerror = () => reject(new Error(path + " cannot be read."));
      document.head.append(script);
    });
    if (window[name] === undefined) throw new Error(path + " does not hold what it should.");
    return window[name];
  }

  /** The address of an image of the review's folder. */
  async function imageAddress(path) {
    return token ? URL.createObjectURL(await (await ask(path)).blob()) : path;
  }

  /** The rows of a download, and how many of its last lines are torn. Raises for another's file. */
  function readDownload(text, queue, annotator, known) {
    const lines = text.replace(/^\uFEFF/, "").split("\n");
    const rows = [];
    let torn = 0;
    lines.forEach((line, place) => {
      if (!line.trim()) return;
      let row;
      try {
        row = JSON.parse(line);
      } catch {
        if (place !== lines.length - 1) throw new Error("Line " + (place + 1) + " of the file is no answer; nothing was taken from it.");
        torn = 1;
        return;
      }
      const wrong = wrongWith(row, queue, annotator, known);
      if (wrong) throw new Error("Line " + (place + 1) + " of the file " + wrong + "; nothing was taken from it.");
      rows.push(row);
    });
    return { rows, torn };
  }

  function wrongWith(row, queue, annotator, known) {
    if (row === null || typeof row !== "object" || FIELDS.some((field) => row[field] === undefined)) return "is no answer of this page";
    if (row.queue_sha256 !== queue.queue_sha256) return "belongs to another queue";
    if (row.annotator !== annotator) return "is an answer of " + String(row.annotator).slice(0, 40);
    if (!known.has(row.image_id)) return "is about an image that you do not have";
    const lists = ["labels", "candidates", "order", "flags"].every((field) => Array.isArray(row[field]));
    if (!lists || typeof row.comment !== "string" || typeof row.seconds !== "number" || Number.isNaN(Date.parse(row.at))) return "is no answer of this page";
    return "";
  }

  /** The answers of one annotator to one queue. `changed()` is called when there is news of them. */
  class Answers {
    constructor(queue, annotator, changed) {
      this.prefix = "review:" + queue.queue_sha256 + ":" + annotator + ":";
      this.changed = changed;
      /** Rows by key; all of them, in localStorage or not. */
      this.kept = new Map();
      /** Why localStorage does not keep rows; empty where it does. */
      this.trouble = "";
      this.homeless = new Set();
      /** Rows on the server's disk, and those that it will never take with its reason. */
      this.acknowledged = new Set();
      this.refused = new Map();
      this.failure = "";
      this.sending = false;
      this.wait = SOONEST;
      this.refresh();
      window.addEventListener("storage", (event) => {
        if (event.key === null || event.key.startsWith(this.prefix)) this.refresh();
      });
    }

    /** Read what is in localStorage: another tab may have added rows. */
    refresh() {
      const before = this.kept.size;
      try {
        for (let place = 0; place < localStorage.length; place += 1) {
          const key = localStorage.key(place);
          if (key.startsWith(this.prefix) && !this.kept.has(key)) this.kept.set(key, JSON.parse(localStorage.getItem(key)));
        }
      } catch (error) {
        this.trouble = error.name;
      }
      this.sorted = [...this.kept].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
      this.sorted.sort((one, other) => timeOf(one) - timeOf(other));
      this.last = new Map();
      for (const row of this.sorted) {
        if (!this.refused.has(textOf(row))) this.last.set(row.pass + ":" + row.image_id, row);
      }
      if (this.kept.size !== before) this.changed();
    }

    /** The answer that counts, or undefined. */
    latest(imageId, pass) {
      return this.last.get(pass + ":" + imageId);
    }

    /** A time after all answers there are, whatever the clock says. */
    now() {
      const newest = this.sorted.length ? timeOf(this.sorted[this.sorted.length - 1]) : 0;
      return new Date(Math.max(Date.now(), newest + 1)).toISOString();
    }

    add(row) {
      this._keep(row);
      this.refresh();
      this.changed();
      this.send();
    }

    /** Add rows from a file or the server that are not there yet; gives how many. */
    addAll(rows) {
      this.refresh();
      const there = new Set(this.sorted.map(textOf));
      const fresh = rows.filter((row) => !there.has(textOf(row)));
      fresh.forEach((row) => this._keep(row));
      this.refresh();
      return fresh.length;
    }

    _keep(row) {
      const key = this.prefix + row.at + "~" + Math.random().toString(36).slice(2, 12);
      this.kept.set(key, row);
      this.homeless.add(key);
      this.trouble = "";
      for (const each of this.homeless) { // also those for which there was no room before
        try {
          localStorage.setItem(each, textOf(this.kept.get(each)));
          this.homeless.delete(each);
        } catch (error) {
          this.trouble = error.name;
        }
      }
    }

    /** All rows as the lines of a file. */
    text() {
      this.refresh();
      return this.sorted.map((row) => textOf(row) + "\n").join("");
    }

    unsent() {
      return this.sorted.filter((row) => !this.acknowledged.has(textOf(row)) && !this.refused.has(textOf(row)));
    }

    isOnDisk(row) {
      return !token || this.acknowledged.has(textOf(row));
    }

    /** Take the server's rows, once, and send those that it lacks. */
    takeServer(rows) {
      rows.forEach((row) => this.acknowledged.add(textOf(row)));
      this.addAll(rows);
      this.send();
    }

    /** Send rows one after the other, the oldest first, until the server has all of them. */
    async send() {
      if (!token || this.sending) return;
      this.sending = true;
      for (let row = this.unsent()[0]; row; row = this.unsent()[0]) {
        const text = textOf(row);
        try {
          await ask("api/answers", { method: "POST", body: text, headers: { "Content-Type": "application/json" } });
          this.acknowledged.add(text);
          this.failure = "";
          this.wait = SOONEST;
        } catch (error) {
          if (REFUSED.includes(error.status)) {
            this.refused.set(text, error.message);
            this.refresh();
          } else {
            this.failure = error.message;
            setTimeout(() => this.send(), this.wait);
            this.wait = Math.min(2 * this.wait, LATEST);
            break;
          }
        }
        this.changed();
      }
      this.sending = false;
      this.changed();
    }
  }

  return { token, timeOf, ask, load, imageAddress, readDownload, Answers };
})();
