// What compare.html shows of two runs: who is right, what the difference is made of, where they
// differ. Only counting is done here, and tests of single classes.
"use strict";

var COMPARE_VIEW = (function () {
  const { make, viewHash } = HARNESS;
  const {
    count, places, percent, accuracy, change, probability, mcnemar, holm, pairedInterval,
  } = NUMBERS;
  const { ALPHA, cell, head, region, between, name, square, pictures, intervalNote } = COMPARE_PARTS;
  const MOST_CLASSES = 20;

  /** Count the four cells of the 2x2 table, on images of a set that both runs have answered. */
  function cells({ sides: [a, b] }, bits) {
    const sets = square(a, b, bits);
    return { sets, ...summary(...[sets.scored, sets.right, sets.onlyA, sets.onlyB].map(count)) };
  }

  function summary(n, right, onlyA, onlyB) {
    return {
      n, right, onlyA, onlyB, wrong: n - right - onlyA - onlyB,
      accuracyA: percent(right + onlyA, n), accuracyB: percent(right + onlyB, n),
      delta: percent(onlyA - onlyB, n),
    };
  }

  /** In words which is better, as `harness compare` says it. */
  function verdict(found, pair) {
    if (found.delta === null) return "Nothing can be compared, as no image counts.";
    const p = pair ? pair.holm : mcnemar(found.onlyA, found.onlyB);
    const which = (pair ? "Holm p " : "p ") + (p < 0.0001 ? "" : "= ") + probability(p);
    const ends = pair && pair.low !== null;
    const told = ends ? " (95 % CI" + between(pair.low, pair.high) + ")" : "";
    if (p > ALPHA) return "No difference can be told: A less B is " + change(found.delta) + " points" + told + ", " + which + ".";
    const isA = found.delta > 0;
    const positive = ends ? (isA ? [pair.low, pair.high] : [-pair.high, -pair.low]).map(accuracy) : [];
    const sure = ends && pair.low <= 0 && pair.high >= 0
      ? ", on these classes; with other classes it may be otherwise: the interval has 0" : "";
    return (isA ? "A is better than B by " : "B is better than A by ") + accuracy(Math.abs(found.delta)) + " points"
      + (ends ? " (95 % CI [" + positive.join(", ") + "])" : "") + ", " + which + sure + ".";
  }

  function squareTable(found) {
    const row = (name, one, two) => make("tr", {}, head(name, "row"), cell(found[one], one), cell(found[two], two));
    return region("square", "Images by who is right (" + found.n + " in all)", ["Images", "B right", "B wrong"],
      [row("A right", "right", "onlyA"), row("A wrong", "onlyB", "wrong")]);
  }

  function facts(found, pair) {
    const ends = pair ? between(pair.low, pair.high) : "";
    const rows = [
      ["Accuracy of A (%)", accuracy(found.accuracyA), "accuracyA"],
      ["Accuracy of B (%)", accuracy(found.accuracyB), "accuracyB"],
      ["Difference A − B, in points" + (ends ? " [95 % CI]" : ""), change(found.delta) + ends, "delta"],
      ["Exact McNemar p", probability(mcnemar(found.onlyA, found.onlyB)), "p"],
      pair && ["p after Holm’s correction over " + pair.family, probability(pair.holm), "holm"],
    ];
    return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Difference" },
      make("table", { id: "facts" }, make("caption", {}, "Difference"), make("tbody", {},
        ...rows.filter(Boolean).map(([name, value, key]) => make("tr", {}, head(name, "row"), cell(value, key))))));
  }

  function sliceLink({ addressOf }, key, value, text) {
    return make("th", { scope: "row" }, make("a", { href: viewHash(addressOf({ [key]: value })) }, text));
  }

  /** The label groups, and by how many points of the whole difference each stands for. */
  function groupTable(chosen, whole) {
    const { benchmark, images } = chosen;
    const rows = RUNS.groupOptions(benchmark, images).map(({ value, text }) => {
      const found = cells(chosen, RUNS.slice(benchmark, images, { ...chosen, g: value }));
      return found.n ? make("tr", { "data-slice": value }, sliceLink(chosen, "g", value, text), cell(found.n, "n"),
        cell(accuracy(found.accuracyA), "accuracyA"), cell(accuracy(found.accuracyB), "accuracyB"),
        cell(change(found.delta), "delta"), cell(change(percent(found.onlyA - found.onlyB, whole.n)), "part")) : null;
    });
    return region("groups", "By label group", ["Slice", "Images", "A (%)", "B (%)", "A − B", "Points of A − B"],
      rows.filter(Boolean));
  }

  /** Every class with images: counts, interval and p, corrected for their number; surest first. */
  function classesOf(chosen) {
    const { benchmark, images, g } = chosen;
    const { sets } = cells(chosen, RUNS.slice(benchmark, images, { g }));
    const counted = ["scored", "right", "onlyA", "onlyB"].map((name) => RUNS.countByClass(images, sets[name]));
    const found = RUNS.classOptions(images).map(({ value, text }) => ({
      value, text, ...summary(...counted.map((counts) => counts.get(Number(value)) || 0)),
    })).filter((each) => each.n);
    const corrected = holm(found.map((each) => mcnemar(each.onlyA, each.onlyB)));
    return found.map((each, place) => ({ ...each, p: corrected[place] })).sort((x, y) => x.p - y.p
      || Math.abs(y.delta) - Math.abs(x.delta) || y.n - x.n);
  }

  function classTable(chosen) {
    const all = classesOf(chosen);
    const shown = chosen.m ? all : all.slice(0, MOST_CLASSES);
    const rows = shown.map((each) => make("tr", { "data-slice": each.value },
      sliceLink(chosen, "c", each.value, each.text), cell(each.n, "n"), cell(accuracy(each.accuracyA), "accuracyA"),
      cell(accuracy(each.accuracyB), "accuracyB"), cell(change(each.delta), "delta"),
      cell(between(...pairedInterval(each.onlyA, each.onlyB, each.n)).trim(), "interval"),
      cell(probability(each.p), "holm")));
    const caption = chosen.m ? "All " + all.length + " classes" : "Classes that differ most, at most " + MOST_CLASSES;
    return make("div", {},
      region("classes", caption, ["Slice", "Images", "A (%)", "B (%)", "A − B", "95 % CI", "Holm p"], rows),
      chosen.m || all.length === shown.length ? null : make("p", {},
        make("a", { href: viewHash(chosen.addressOf({ m: "all" })) }, "All " + all.length + " classes")));
  }

  /** What became of an answer, for the table of what the difference is made of. */
  function fateOf(side, place) {
    const status = RUNS.statusOf(side.run, place);
    const counts = typeof RUNS.countsAs(side.run, place, side.board.protocol) === "number";
    if (status === "oop") return counts ? "out of prompt, mapped to a class" : "out of prompt";
    return counts ? "a class" : RUNS.STATUS_TEXT[status];
  }

  function fates(side, bits) {
    const found = new Map();
    for (const place of places(bits)) {
      const fate = fateOf(side, place);
      found.set(fate, (found.get(fate) || 0) + 1);
    }
    return found;
  }

  /**
   * The images that only one has right, by what became of an answer; the points add up to A − B.
   * @param {string} id
   * @param {string} caption
   * @param {Map<string, number>} plus of the images that only A has right
   * @param {Map<string, number>} minus of those that only B has right
   */
  function fateTable(id, caption, plus, minus, n) {
    const names = [...new Set([...plus.keys(), ...minus.keys()])];
    const size = (name) => (plus.get(name) || 0) + (minus.get(name) || 0);
    names.sort((x, y) => size(y) - size(x) || (x < y ? -1 : 1));
    return region(id, caption, ["Answer", "Only A right", "Only B right", "Points of A − B"], names.map((name) => {
      const [one, two] = [plus.get(name) || 0, minus.get(name) || 0];
      return make("tr", {}, head(name, "row"), cell(one, "onlyA"), cell(two, "onlyB"), cell(change(percent(one - two, n)), "part"));
    }));
  }

  function madeOf({ sides: [a, b] }, { sets, n }) {
    return make("div", { class: "side-by-side" },
      fateTable("wrong", "What the wrong answer was", fates(b, sets.onlyA), fates(a, sets.onlyB), n),
      fateTable("right", "What the right answer was", fates(a, sets.onlyA), fates(b, sets.onlyB), n));
  }

  function legend({ sides: [a, b] }) {
    const named = (side) => make("strong", {}, name(side));
    if (a.board === b.board) return make("p", { id: "legend" }, "A is ", named(a), ", B is ", named(b), ".");
    return make("p", { id: "legend" }, "A is ", named(a), " (" + RUNS.boardName(a.board) + "), B is ", named(b),
      " (" + RUNS.boardName(b.board) + "): ", a.row.files === b.row.files
        ? "the same answers, counted in two ways."
        : "the difference is of what was asked too, not of the models alone.");
  }

  /**
   * Show a comparison.
   * @param {HTMLElement} place
   * @param {Chosen} chosen of two sides, see COMPARE_PARTS
   * @returns {number} on how many images
   */
  function show(place, chosen) {
    const { benchmark, images, sides } = chosen;
    const pair = chosen.pairOf(0, 1);
    const found = cells(chosen, RUNS.slice(benchmark, images, chosen));
    place.replaceChildren(
      legend(chosen),
      make("p", { id: "verdict", class: "lead" }, verdict(found, pair)),
      make("div", { class: "side-by-side" }, squareTable(found), facts(found, pair)),
      intervalNote(pair, chosen),
      make("h2", {}, "What the difference is made of"),
      make("p", {}, "The images that only one of the two has right, by what became of the answers. Points add up to A − B."),
      madeOf(chosen, found),
      make("h2", {}, "Slices"),
      make("div", { class: "side-by-side" }, groupTable(chosen, found), classTable(chosen)),
      make("p", { class: "note" }, "The interval of a class takes its images as independent (Bonett and Price); "
        + "Holm p corrects for the number of classes."),
      make("h2", {}, "Images where they differ"),
      make("div", { class: "side-by-side" },
        pictures("onlyA", "Only A is right", found.sets.onlyA, chosen, sides, "a"),
        pictures("onlyB", "Only B is right", found.sets.onlyB, chosen, sides, "b")));
    return found.n;
  }

  return Object.freeze({ show });
})();
