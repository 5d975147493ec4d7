// What compare.html shows of three to five runs: accuracies on the images that all have, every two
// against each other, and who is right together on how many images, with pictures.
"use strict";

var COMPARE_MANY = (function () {
  const { make, viewHash } = HARNESS;
  const { both, bitsOf, count, places, percent, fixed, accuracy, change, probability, mcnemar, holm, wilson } = NUMBERS;
  const { ALPHA, cell, head, region, between, name, square, pictures, intervalNote } = COMPARE_PARTS;
  const MOST_PATTERNS = 10;

  /** "A", "A and B", "A, B and C". */
  function listed(letters) {
    return letters.length < 2 ? letters.join("") : letters.slice(0, -1).join(", ") + " and " + letters[letters.length - 1];
  }

  function accuracyTable({ sides }, slice, common) {
    const n = count(common);
    const rows = sides.map((side) => {
      const right = count(both(common, side.judgement.right));
      const interval = n ? wilson(right, n).map((end) => fixed(end, 2)).join(", ") : "";
      return make("tr", { "data-side": side.letter }, head(side.letter, "row"),
        make("td", {}, make("a", { href: "models/" + side.row.entry + ".html" }, name(side)), " ",
          make("small", {}, RUNS.boardName(side.board))),
        cell(accuracy(percent(right, n)), "accuracy"), cell(interval && "[" + interval + "]", "interval"),
        cell(right, "right"), cell(count(both(side.judgement.scored, slice)), "scored"));
    });
    return region("accuracies", "Accuracy on the " + n + " images that all have answered",
      ["Run", "Model", "Accuracy (%)", "95 % CI", "Right", "Images scored"], rows, 2);
  }

  /** Every two sides on the images that both have; p is corrected over all of them. */
  function pairsOf({ sides, pairOf }, slice) {
    const found = sides.flatMap((a, i) => sides.slice(i + 1).map((b, step) => {
      const sets = square(a, b, slice);
      const [n, onlyA, onlyB] = [sets.scored, sets.onlyA, sets.onlyB].map(count);
      const { low = null, high = null } = pairOf(i, i + 1 + step) || {};
      return { a, b, n, onlyA, onlyB, low, high, p: mcnemar(onlyA, onlyB) };
    }));
    const corrected = holm(found.map(({ p }) => p));
    return found.map((pair, place) => ({ ...pair, holm: corrected[place] }));
  }

  function verdict(pairs) {
    const told = pairs.filter((pair) => pair.holm <= ALPHA).map(({ a, b, onlyA, onlyB }) =>
      onlyA > onlyB ? a.letter + " is better than " + b.letter : b.letter + " is better than " + a.letter);
    const rest = pairs.length - told.length;
    if (!told.length) return "No difference can be told between any two of them.";
    return listed(told) + "." + (rest ? " No other difference can be told." : "");
  }

  function pairTable(pairs, { addressOf }) {
    const rows = pairs.map(({ a, b, n, onlyA, onlyB, low, high, p, holm: corrected }) => {
      const address = viewHash(addressOf({ sides: [a, b] }));
      return make("tr", { "data-pair": a.letter + b.letter },
        make("th", { scope: "row" }, make("a", { href: address }, a.letter + " − " + b.letter)),
        cell(change(percent(onlyA - onlyB, n)), "delta"), cell(between(low, high).trim(), "interval"),
        cell(probability(corrected), "holm"), cell(probability(p), "p"),
        cell(onlyA, "onlyA"), cell(onlyB, "onlyB"), cell(n, "n"));
    });
    return region("pairs", "Every two runs", ["Pair", "Points", "95 % CI", "Holm p", "Exact McNemar p",
      "Only the first right", "Only the second right", "Images"], rows);
  }

  /** Who is right together: key (letters, or "none"), words, and images; most images first. */
  function patternsOf({ sides, images }, common) {
    const groups = new Map();
    for (const place of places(common)) {
      const right = sides.filter(({ judgement }) => NUMBERS.has(judgement.right, place));
      const key = right.map(({ letter }) => letter).join("") || "none";
      if (!groups.has(key)) groups.set(key, { key, right, wrong: sides.filter((side) => !right.includes(side)), found: new Set() });
      groups.get(key).found.add(place);
    }
    return [...groups.values()]
      .sort((x, y) => y.found.size - x.found.size || (x.key < y.key ? -1 : 1))
      .map((each) => ({ ...each, text: inWords(each), bits: bitsOf(images.n, (place) => each.found.has(place)) }));
  }

  function inWords({ right, wrong }) {
    const [yes, no] = [right, wrong].map((sides) => sides.map(({ letter }) => letter));
    if (!no.length) return "all right";
    if (!yes.length) return "all wrong";
    if (yes.length === 1) return "only " + yes[0] + " right";
    return no.length === 1 ? "only " + no[0] + " wrong" : listed(yes) + " right, " + listed(no) + " wrong";
  }

  function patternTable(patterns, current, n, { sides, addressOf }) {
    const shown = patterns.slice(0, MOST_PATTERNS);
    const share = (size) => cell(accuracy(percent(size, n)), "share");
    const rows = shown.map((each) => make("tr", { "data-pattern": each.key },
      make("th", { scope: "row" }, make("a", {
        href: viewHash(addressOf({ p: each.key })), "aria-current": each === current ? "true" : null,
      }, each.text)),
      cell(each.found.size, "n"), share(each.found.size),
      ...sides.map((side) => {
        const told = each.right.includes(side) ? "right" : "wrong";
        return make("td", { class: "number" }, make("span", { class: "verdict " + told }, told));
      })));
    const rest = patterns.slice(MOST_PATTERNS).reduce((sum, each) => sum + each.found.size, 0);
    if (rest) rows.push(make("tr", { "data-pattern": "rest" },
      head((patterns.length - MOST_PATTERNS) + " other patterns", "row"), cell(rest, "n"), share(rest),
      ...sides.map(() => make("td", {}))));
    return region("patterns", "Images by who is right", ["Pattern", "Images", "Share (%)", ...sides.map(({ letter }) => letter)], rows);
  }

  function imagesNote(sides, slice, common) {
    const short = sides.filter(({ judgement }) => count(both(judgement.scored, slice)) > count(common));
    return short.length ? make("p", { class: "note", id: "not-all" }, "Not all runs have an answer to the same images: "
      + "the accuracies and patterns are of the images that all have, each difference is of those that its two have.") : null;
  }

  /**
   * Show a comparison.
   * @param {HTMLElement} place
   * @param {Chosen} chosen of three sides or more, see COMPARE_PARTS
   * @returns {number} on how many images all have an answer
   */
  function show(place, chosen) {
    const { benchmark, images, sides } = chosen;
    const slice = RUNS.slice(benchmark, images, chosen);
    const common = both(slice, ...sides.map(({ judgement }) => judgement.scored));
    const pairs = pairsOf(chosen, slice);
    const patterns = patternsOf(chosen, common);
    const current = patterns.find(({ key }) => key === chosen.p)
      || patterns.find(({ right, wrong }) => right.length && wrong.length) || patterns[0];
    place.replaceChildren(...[
      make("p", { id: "verdict", class: "lead" }, verdict(pairs)),
      accuracyTable(chosen, slice, common),
      imagesNote(sides, slice, common),
      make("h2", {}, "Differences"),
      pairTable(pairs, chosen),
      make("p", { class: "note" }, "Holm p corrects over the " + pairs.length + " pairs of these runs, and the sentence above "
        + "goes by it. For runs that were chosen by their results, go by the correction over all runs, which each pair has on its own page."),
      intervalNote(pairs.every(({ low }) => low !== null), chosen),
      make("h2", {}, "Who is right together"),
      current ? patternTable(patterns, current, count(common), chosen) : make("p", {}, "No image counts for all of them."),
      current ? pictures("pictured", "Images: " + current.text, current.bits, chosen,
        [current.right[0] || sides[0], current.wrong[0] || sides[1]], "") : null,
    ].filter(Boolean));
    return count(common);
  }

  return Object.freeze({ show });
})();
