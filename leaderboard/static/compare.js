// compare.html: two models of one board on the same images, whole or by slice.
"use strict";

(function () {
  const { make, foreign, fillSelect, readView, viewHash, writeView, onView, drawing } = HARNESS;
  const { both, without, count, places, percent, accuracy, change, probability, mcnemar } = NUMBERS;
  const LISTED = 50;
  const MOST_CLASSES = 20;
  /** Keys of the view in the address, and the control of each. */
  const CONTROLS = { b: "board", x: "first", y: "second", l: "labels", g: "group", c: "class" };
  const at = (id) => document.getElementById(id);
  let boards = null;

  /** What the address asks for, completed and corrected by what there is. */
  function settle(view) {
    const board = boards.boards.find((each) => each.slug === view.b)
      || boards.boards.find((each) => each.rows.length > 1) || boards.boards[0];
    const rowOf = (entry) => board.rows.find((row) => row.entry === entry);
    const a = rowOf(view.x) || board.rows[0];
    const b = rowOf(view.y) || board.rows.find((row) => row !== a) || a;
    const benchmark = boards.benchmarks[board.benchmark];
    const labels = benchmark.label_sets.includes(view.l) ? view.l : benchmark.headline;
    return { board, benchmark, a, b, labels, g: view.g || "", c: view.c || "" };
  }

  function addressOf(chosen) {
    return {
      b: chosen.board.slug, x: chosen.a.entry, y: chosen.b.entry,
      l: chosen.labels === chosen.benchmark.headline ? "" : chosen.labels, g: chosen.g, c: chosen.c,
    };
  }

  function fillControls(chosen, images) {
    const { board, benchmark } = chosen;
    fillSelect(at("board"), boards.boards.map((each) => ({
      value: each.slug, text: RUNS.boardName(each), group: each.benchmark,
    })), board.slug);
    const models = board.rows.map((row) => ({ value: row.entry, text: RUNS.rowName(board, row) }));
    fillSelect(at("first"), models, chosen.a.entry);
    fillSelect(at("second"), models, chosen.b.entry);
    fillSelect(at("labels"), benchmark.label_sets.map((name) => ({ value: name, text: name })), chosen.labels);
    const groups = RUNS.groupOptions(benchmark, images);
    fillSelect(at("group"), [{ value: "", text: "all" }, ...groups], chosen.g);
    fillSelect(at("class"), [{ value: "", text: "all" }, ...RUNS.classOptions(images)], chosen.c);
  }

  /**
   * Count the four cells of the 2x2 table, on images that both runs have answered.
   * @param {{right: Uint8Array, scored: Uint8Array}} a
   * @param {{right: Uint8Array, scored: Uint8Array}} b
   * @param {Uint8Array} bits the slice
   */
  function cells(a, b, bits) {
    const scored = both(a.scored, b.scored, bits);
    const sets = {
      scored,
      right: both(scored, a.right, b.right),
      onlyA: without(both(scored, a.right), b.right),
      onlyB: without(both(scored, b.right), a.right),
    };
    return { sets, ...summary(...[scored, sets.right, sets.onlyA, sets.onlyB].map(count)) };
  }

  function summary(n, right, onlyA, onlyB) {
    return {
      n, right, onlyA, onlyB, wrong: n - right - onlyA - onlyB,
      accuracyA: percent(right + onlyA, n), accuracyB: percent(right + onlyB, n),
      delta: percent(onlyA - onlyB, n),
    };
  }

  /** Interval and corrected p of the whole set, from Python, as the difference A − B. */
  function pairOf(chosen) {
    const { board, a, b } = chosen;
    if (chosen.labels !== chosen.benchmark.headline || chosen.g || chosen.c) return null;
    const [i, j] = [board.rows.indexOf(a), board.rows.indexOf(b)];
    const pair = board.pairs.find((each) => (each[0] === i && each[1] === j) || (each[0] === j && each[1] === i));
    if (!pair) return null;
    const [low, high] = pair[0] === i ? [pair[6], pair[7]] : [pair[7], pair[6]].map((end) => end === null ? null : -end);
    return { low, high, holm: pair[9] };
  }

  function cell(value, key) {
    return make("td", { class: "number", "data-cell": key || null }, String(value));
  }

  /** Of a column, above its numbers; of a row, before them. */
  function head(text, scope) {
    return make("th", { scope, class: scope === "col" ? "number" : null }, text);
  }

  function squareTable(found) {
    return make("table", { id: "square" },
      make("caption", {}, "Images by who is right (" + found.n + " in all)"),
      make("thead", {}, make("tr", {}, make("td", {}), head("B right", "col"), head("B wrong", "col"))),
      make("tbody", {},
        make("tr", {}, head("A right", "row"), cell(found.right, "right"), cell(found.onlyA, "onlyA")),
        make("tr", {}, head("A wrong", "row"), cell(found.onlyB, "onlyB"), cell(found.wrong, "wrong"))));
  }

  function facts(found, pair) {
    const ends = pair && pair.low !== null ? " [" + change(pair.low) + ", " + change(pair.high) + "]" : "";
    const rows = [
      ["Accuracy of A (%)", accuracy(found.accuracyA), "accuracyA"],
      ["Accuracy of B (%)", accuracy(found.accuracyB), "accuracyB"],
      ["Difference A − B, in points" + (ends ? " [95 % CI]" : ""), change(found.delta) + ends, "delta"],
      ["Exact McNemar p", probability(mcnemar(found.onlyA, found.onlyB)), "p"],
      pair && ["p after Holm’s correction over all pairs", probability(pair.holm), "holm"],
    ];
    return make("table", { id: "facts" }, make("caption", {}, "Difference"), make("tbody", {},
      ...rows.filter(Boolean).map(([name, value, key]) => make("tr", {}, head(name, "row"), cell(value, key)))));
  }

  /** A table in a region that scrolls by itself where it is wider than the window. */
  function region(label, table) {
    return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, table);
  }

  /** A table of slices, each a link that chooses it. */
  function sliceTable(id, caption, slices, chosen) {
    const rows = slices.map(({ key, value, text, found }) => make("tr", { "data-slice": value },
      make("th", { scope: "row" }, make("a", { href: viewHash({ ...addressOf(chosen), [key]: value }) }, text)),
      cell(found.n, "n"), cell(accuracy(found.accuracyA), "accuracyA"),
      cell(accuracy(found.accuracyB), "accuracyB"), cell(change(found.delta), "delta")));
    return region(caption, make("table", { id },
      make("caption", {}, caption),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Slice"), ...["Images", "A (%)", "B (%)", "A − B"].map((text) => head(text, "col")))),
      make("tbody", {}, ...rows)));
  }

  function groupSlices(chosen, images, one, two) {
    return RUNS.groupOptions(chosen.benchmark, images).map(({ value, text }) => ({
      key: "g", value, text, found: cells(one, two, RUNS.slice(chosen.benchmark, images, { ...chosen, g: value })),
    })).filter((slice) => slice.found.n);
  }

  function classSlices(chosen, images, one, two) {
    const { sets } = cells(one, two, RUNS.slice(chosen.benchmark, images, { g: chosen.g }));
    const [n, right, onlyA, onlyB] = [sets.scored, sets.right, sets.onlyA, sets.onlyB]
      .map((bits) => RUNS.countByClass(images, bits));
    return RUNS.classOptions(images).map(({ value, text }) => ({
      key: "c", value, text, found: summary(...[n, right, onlyA, onlyB].map((counts) => counts.get(Number(value)) || 0)),
    })).filter((slice) => slice.found.n)
      .sort((x, y) => Math.abs(y.found.delta) - Math.abs(x.found.delta) || y.found.n - x.found.n)
      .slice(0, MOST_CLASSES);
  }

  function differing(id, title, who, bits, chosen, images) {
    const { board } = chosen;
    const explorer = {
      a: board.slug + ":" + chosen.a.entry, b: board.slug + ":" + chosen.b.entry,
      l: chosen.labels, g: chosen.g, c: chosen.c,
    };
    const found = places(bits);
    const links = found.slice(0, LISTED).map((place) => make("li", {},
      make("a", { href: "explorer.html" + viewHash({ ...explorer, i: images.ids[place] }) }, images.ids[place])));
    const all = make("a", { href: "explorer.html" + viewHash({ ...explorer, w: who }) }, "all in the explorer");
    return make("section", { id },
      make("h3", {}, title + " (" + found.length + ")"),
      found.length ? make("p", {}, found.length > LISTED ? "The first " + LISTED + "; " : "", all) : null,
      make("ul", { class: "ids" }, ...links));
  }

  function legend(chosen) {
    return make("p", { id: "legend" }, "A is ", make("strong", {}, foreign(RUNS.rowName(chosen.board, chosen.a))),
      ", B is ", make("strong", {}, foreign(RUNS.rowName(chosen.board, chosen.b))), ".");
  }

  function show(chosen, images, one, two) {
    const found = cells(one, two, RUNS.slice(chosen.benchmark, images, chosen));
    const pair = pairOf(chosen);
    at("result").replaceChildren(
      legend(chosen),
      make("div", { class: "side-by-side" }, region("Images by who is right", squareTable(found)), region("Difference", facts(found, pair))),
      make("p", { class: "note" }, pair
        ? "The interval redraws whole classes, for both models alike; it was computed once for the whole ranking."
        : "Intervals are computed for all images under " + chosen.benchmark.headline + " only; this is a slice or another label set."),
      make("h2", {}, "Slices"),
      make("div", { class: "side-by-side" },
        sliceTable("groups", "By label group", groupSlices(chosen, images, one, two), chosen),
        sliceTable("classes", "Classes that differ most, at most " + MOST_CLASSES, classSlices(chosen, images, one, two), chosen)),
      make("h2", {}, "Images where they differ"),
      make("div", { class: "side-by-side" },
        differing("onlyA", "Only A is right", "a", found.sets.onlyA, chosen, images),
        differing("onlyB", "Only B is right", "b", found.sets.onlyB, chosen, images)));
    at("result").hidden = false;
    at("status").textContent = found.n + " of " + images.n + " images, scored by " + chosen.labels + ".";
  }

  const redraw = drawing(async (late) => {
    boards = await RUNS.openBoards();
    const chosen = settle(readView());
    const images = await RUNS.openImages(chosen.board.benchmark);
    if (!images.names.has(Number(chosen.c || NaN))) chosen.c = "";
    if (!RUNS.groupOptions(chosen.benchmark, images).some((each) => each.value === chosen.g)) chosen.g = "";
    const [a, b] = await Promise.all([RUNS.openRun(chosen.a), RUNS.openRun(chosen.b)]);
    if (late()) return;
    fillControls(chosen, images);
    at("controls").hidden = false;
    writeView(addressOf(chosen), false);
    at("result").hidden = true;
    const [one, two] = [a, b].map((run) => RUNS.judged(run, chosen.board.protocol, chosen.labels));
    if (one && two) show(chosen, images, one, two);
    else at("status").textContent = "The two were not scored by " + chosen.labels + ".";
  });

  function chosenByControls() {
    return Object.fromEntries(Object.entries(CONTROLS).map(([key, id]) => [key, at(id).value]));
  }

  for (const id of Object.values(CONTROLS)) at(id).addEventListener("change", () => {
    writeView(chosenByControls(), true);
    redraw();
  });
  at("swap").addEventListener("click", () => {
    const view = chosenByControls();
    writeView({ ...view, x: view.y, y: view.x }, true);
    redraw();
  });
  onView(redraw);
  redraw();
})();
