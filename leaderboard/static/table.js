// index.html: sort, search, filter and choose columns of the rankings; the view is in the address.
"use strict";

(function () {
  const { make, labelled, readView, writeView, viewHash, onView, later } = HARNESS;
  const CORE = "core";
  /** Groups of columns that show at first; without JavaScript all do. */
  const AT_FIRST = ["labels"];
  const GROUP_TEXT = { labels: "label groups", health: "answers", facts: "model", cost: "cost" };
  const PROTOCOL_TEXT = { ow: "OW", mc: "MC", cw: "CW", cw_plus: "CW+", classify: "classify" };
  const KIND_TEXT = { mllm: "MLLM", dual_encoder: "dual encoder", supervised: "supervised", knn: "k-NN" };

  /**
   * @typedef {Object} View
   * @property {string} b slug of the only board to show, or ""
   * @property {string} s key of the column that sorts, with "-" before it for the largest first
   * @property {string} q text that a model's row must contain
   * @property {?string[]} k kinds of model, p protocols, c groups of columns; null for the default
   */

  const boards = [...document.querySelectorAll("section.board")].map((section) => ({
    section,
    slug: section.dataset.board,
    protocol: section.dataset.protocol,
    table: section.querySelector("table.ranking"),
  })).filter((board) => board.table).map((board) => ({
    ...board,
    headers: [...board.table.tHead.querySelectorAll("th[data-column]")],
    body: board.table.querySelector("tbody:not(.references)"),
    rows: [...board.table.querySelectorAll("tbody:not(.references) > tr[data-entry]")],
  }));

  function distinct(values) {
    return [...new Set(values)];
  }

  function titleOf(board) {
    const title = board.section.querySelector("h2, h3");
    return title ? title.textContent.trim().replace(/\s+/g, " ") : board.slug;
  }

  const kinds = distinct(boards.flatMap((board) => board.rows.map((row) => row.dataset.kind))).sort();
  const protocols = distinct(boards.map((board) => board.protocol));
  const groups = distinct(boards.flatMap((board) => board.headers.map((header) => header.dataset.group)))
    .filter((group) => group !== CORE);

  /** @returns {View} */
  function parse(view) {
    const list = (text, known) => text === undefined ? null : text.split(",").filter((each) => known.includes(each));
    return {
      b: boards.some((board) => board.slug === view.b) ? view.b : "",
      s: /^-?[\w+-]+$/.test(view.s || "") ? view.s : "",
      q: view.q || "",
      k: list(view.k, kinds), p: list(view.p, protocols), c: list(view.c, groups),
    };
  }

  /** The view as the address has it: what is as at first is left out; "none" is an empty list. */
  function addressOf(view) {
    const text = (list) => list === null ? "" : list.join(",") || "none";
    return { b: view.b, s: view.s, q: view.q, k: text(view.k), p: text(view.p), c: text(view.c) };
  }

  /** @returns {string} the value that a cell sorts by; "" is blank */
  function valueOf(row, column) {
    const cell = row.cells[column];
    return cell ? cell.dataset.value || "" : "";
  }

  /** Order the rows of a board: stable, blanks last both ways; without a column as Python ranked. */
  function sorted(board, key) {
    const down = key.startsWith("-");
    const column = board.headers.findIndex((header) => header.dataset.column === key.replace(/^-/, ""));
    if (column < 0) return board.rows;
    const number = board.headers[column].dataset.type === "number";
    const compare = (x, y) => number ? Number(x) - Number(y) : x.localeCompare(y, "en");
    return [...board.rows].sort((one, two) => {
      const [x, y] = [valueOf(one, column), valueOf(two, column)];
      if (x === "" || y === "") return (x === "") - (y === "");
      return down ? compare(y, x) : compare(x, y);
    });
  }

  /** Show the columns of some groups, of every row. */
  function showColumns(board, shown) {
    for (const header of board.table.querySelectorAll("th[data-group]")) {
      header.hidden = !shown.includes(header.dataset.group);
    }
    for (const row of board.table.querySelectorAll("tbody > tr")) {
      board.headers.forEach((header, column) => { row.cells[column].hidden = header.hidden; });
    }
  }

  function applyBoard(board, view) {
    board.section.hidden = (view.b !== "" && view.b !== board.slug)
      || (view.p !== null && !view.p.includes(board.protocol));
    const wanted = view.q.trim().toLowerCase();
    for (const row of board.rows) {
      row.hidden = (view.k !== null && !view.k.includes(row.dataset.kind))
        || !row.dataset.search.includes(wanted);
    }
    board.body.append(...sorted(board, view.s));
    const key = view.s.replace(/^-/, "");
    for (const header of board.headers) {
      if (header.dataset.column === key) header.setAttribute("aria-sort", view.s === key ? "ascending" : "descending");
      else header.removeAttribute("aria-sort");
    }
    showColumns(board, [CORE, ...(view.c === null ? AT_FIRST : view.c)]);
  }

  /** Hide what would lead to hidden boards, or hold nothing else. */
  function applyRest() {
    for (const board of boards) {
      const link = document.querySelector('.contents a[href="#' + CSS.escape(board.slug) + '"]');
      if (link) link.closest("li").hidden = board.section.hidden;
    }
    for (const benchmark of document.querySelectorAll("section.benchmark")) {
      const inside = boards.filter((board) => benchmark.contains(board.section));
      benchmark.hidden = inside.length > 0 && inside.every((board) => board.section.hidden);
    }
  }

  function statusText() {
    const entries = (rows) => new Set(rows.map((row) => row.dataset.entry)).size;
    const all = boards.flatMap((board) => board.rows);
    const seen = boards.filter((board) => !board.section.hidden).flatMap((board) => board.rows.filter((row) => !row.hidden));
    const rankings = boards.filter((board) => !board.section.hidden).length;
    return entries(seen) + " of " + entries(all) + " models, in " + rankings + " of " + boards.length + " rankings";
  }

  const controls = {
    status: make("p", { role: "status", class: "status-line" }),
    board: make("select", {}, make("option", { value: "" }, "all"), ...boards.map((board) => make(
      "option", { value: board.slug }, titleOf(board)))),
    query: make("input", { type: "search", autocomplete: "off" }),
    reset: make("button", { type: "button" }, "Reset"),
    copy: make("button", { type: "button" }, "Copy link"),
  };

  function checkboxes(legend, values, texts) {
    const boxes = values.map((value) => make("input", { type: "checkbox", value }));
    const fields = make("fieldset", { class: "choices" }, make("legend", {}, legend), ...boxes.map((box) => make(
      "label", {}, box, " " + (texts[box.value] || box.value))));
    return { fields, boxes };
  }

  const choices = {
    k: checkboxes("Kinds of model", kinds, KIND_TEXT),
    p: checkboxes("Protocols", protocols, PROTOCOL_TEXT),
    c: checkboxes("More columns", groups, GROUP_TEXT),
  };

  let current = null;

  function apply(view) {
    current = view;
    for (const board of boards) applyBoard(board, view);
    applyRest();
    controls.board.value = view.b;
    if (document.activeElement !== controls.query) controls.query.value = view.q;
    const all = { k: kinds, p: protocols, c: AT_FIRST };
    for (const [key, { boxes }] of Object.entries(choices)) {
      const on = view[key] === null ? all[key] : view[key];
      for (const box of boxes) box.checked = on.includes(box.value);
    }
    controls.status.textContent = statusText();
  }

  /** Whether a view shows something else than all rankings as they are: then the controls say what. */
  function isFiltered(view) {
    const { s, ...choices } = addressOf(view);
    return Object.values(choices).some((each) => each !== "");
  }

  function go(part, step) {
    const view = { ...current, ...part };
    writeView(addressOf(view), step);
    apply(view);
  }

  /** What a press on a header asks for: first the useful way, then the other, then as ranked. */
  function nextSort(header) {
    const key = header.dataset.column;
    const [first, second] = header.dataset.type === "number" ? ["-" + key, key] : [key, "-" + key];
    if (current.s === first) return second;
    return current.s === second ? "" : first;
  }

  function addSortButton(header) {
    const button = make("button", { type: "button", class: "sort" }, ...header.childNodes);
    button.addEventListener("click", () => go({ s: nextSort(header) }, true));
    header.append(button);
  }

  function sameAs(one, two) {
    return one.length === two.length && one.every((each) => two.includes(each));
  }

  function listen() {
    controls.board.addEventListener("change", () => go({ b: controls.board.value }, true));
    controls.query.addEventListener("input", later(() => go({ q: controls.query.value }, false), 100));
    const all = { k: kinds, p: protocols, c: AT_FIRST };
    for (const [key, { boxes }] of Object.entries(choices)) for (const box of boxes) box.addEventListener("change", () => {
      const on = boxes.filter((each) => each.checked).map((each) => each.value);
      go({ [key]: sameAs(on, all[key]) ? null : on }, true);
    });
    controls.reset.addEventListener("click", () => {
      controls.query.value = "";
      go(parse({}), true);
    });
    controls.copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(location.href.split("#")[0] + viewHash(addressOf(current)));
        controls.status.textContent = "The link to this view is copied.";
      } catch {
        controls.status.textContent = "The browser does not allow copying; the link is in the address bar.";
      }
    });
    // A fragment without "=" is the id of a section: the browser goes there, the view stays.
    onView(() => {
      if (location.hash === "" || location.hash.includes("=")) apply(parse(readView()));
    });
  }

  function start() {
    const place = document.querySelector(".controls");
    if (!boards.length) return;
    const fold = place.closest("details");
    for (const board of boards) {
      board.headers.forEach(addSortButton);
      const named = board.headers.map((header, column) => header.dataset.type === "text" ? column : -1);
      for (const row of board.rows) {
        row.dataset.search = named.map((column) => valueOf(row, column)).join("\n").toLowerCase();
      }
    }
    place.replaceChildren(
      labelled("Search models", controls.query), labelled("Ranking", controls.board),
      choices.k.fields, choices.p.fields, choices.c.fields, controls.reset, controls.copy, controls.status);
    fold.hidden = false;
    listen();
    apply(parse(readView()));
    fold.open = isFiltered(current);
    const target = document.getElementById(location.hash.slice(1));
    if (target) target.scrollIntoView();
  }

  start();
})();
