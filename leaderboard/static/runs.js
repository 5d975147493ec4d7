// The data of the boards, decoded: images, labels, answers, and slices of them.
"use strict";

var RUNS = (function () {
  const { load, cut } = HARNESS;
  const { int16, uint32, bytes, bitsOf, both, count, percent, has, places } = NUMBERS;
  /** Order of harness.answers.outcome.Status; 255 means that the run has no row. */
  const STATUSES = ["ok", "oop", "unparsed", "refused", "empty", "error"];
  const STATUS_TEXT = {
    ok: "answered", oop: "out of prompt", unparsed: "unparsed", refused: "refused",
    empty: "empty", error: "failed", none: "no row",
  };
  const opened = new Map();

  /** Open and decode once; what failed may be tried again. */
  function once(key, open) {
    if (!opened.has(key)) {
      opened.set(key, open());
      opened.get(key).catch(() => opened.delete(key));
    }
    return opened.get(key);
  }

  /**
   * The boards that have a model.
   * @returns {Promise<{benchmarks: Object, boards: Object[]}>} rejected when there is none
   */
  async function openBoards() {
    const { benchmarks, boards } = await load("data/boards.js", "boards");
    const filled = boards.filter((board) => board.rows.length);
    if (!filled.length) throw new Error("There is no entry yet.");
    return { benchmarks, boards: filled };
  }

  function mapValues(object, change) {
    return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
  }

  /**
   * The images of a benchmark and their labels.
   * @returns {Promise<{n: number, ids: string[], placeOf: Map<string, number>,
   *   names: Map<number, string>, home: Int16Array, group: Uint8Array, pictures: ?Object,
   *   labels: Object}>}
   */
  function openImages(benchmark) {
    return once("images/" + benchmark, async () => {
      const data = await load("data/" + benchmark + "/images.js", "images/" + benchmark);
      return {
        n: data.ids.length,
        ids: data.ids,
        placeOf: new Map(data.ids.map((id, place) => [id, place])),
        names: new Map(data.classes),
        home: int16(data.home),
        group: bytes(data.group),
        pictures: data.pictures || null,
        labels: mapValues(data.labels, (set) => ({
          offsets: uint32(set.offsets), ids: int16(set.ids), labelled: bytes(set.labelled),
        })),
      };
    });
  }

  /**
   * The answers of one run, without their texts.
   * @param {{files: string}} row of a board
   */
  function openRun(row) {
    const name = row.files.slice("data/".length);
    return once("run/" + name, async () => {
      const data = await load(row.files + ".js", "run/" + name);
      const decoded = (sets) => mapValues(sets, (one) => mapValues(one, bytes));
      return {
        name,
        files: row.files,
        status: bytes(data.status),
        classes: int16(data.class),
        right: decoded(data.right),
        scored: decoded(data.scored),
        similarity: data.similarity === null ? null : bytes(data.similarity),
        texts: data.texts,
      };
    });
  }

  /** @returns {Promise<?string>} the verbatim answer of a run to an image; null when it has none */
  async function textOf(run, place) {
    const shard = Math.floor(place / run.texts.size);
    if (shard >= run.texts.files) return null;
    const path = run.files + "/" + shard + ".js";
    const data = await load(path, "text/" + run.name + "/" + shard);
    const text = data.places[place % run.texts.size];
    return text === undefined || text < 0 ? null : data.texts[text];
  }

  function statusOf(run, place) {
    return STATUSES[run.status[place]] || "none";
  }

  /**
   * What an answer counts as under a protocol: the class it names, or else its status. Without
   * mapping (cw, mc) the class of an out-of-prompt answer does not count.
   * @returns {number|string} class id or status
   */
  function countsAs(run, place, protocol) {
    const status = statusOf(run, place);
    const counts = protocol === "cw" || protocol === "mc" ? status === "ok"
      : protocol === "cw_plus" ? status === "ok" || status === "oop" : status !== "error";
    return counts && run.classes[place] >= 0 ? run.classes[place] : status;
  }

  function className(images, id) {
    return images.names.has(id) ? images.names.get(id) : "class " + id;
  }

  /** What an answer counts as, in words: see `countsAs`. */
  function answerText(images, answer) {
    return typeof answer === "number" ? className(images, answer) : STATUS_TEXT[answer] || answer;
  }

  /** @returns {Array<[number|string, number]>} answers and how often they were given, by that */
  function mostFrequent(counts) {
    return [...counts].sort((x, y) => y[1] - x[1] || (String(x[0]) < String(y[0]) ? -1 : 1));
  }

  /** Classes as options for a select, by name; equal names are told apart by their ids. */
  function classOptions(images) {
    const seen = new Map();
    for (const name of images.names.values()) seen.set(name, (seen.get(name) || 0) + 1);
    return [...images.names]
      .map(([id, name]) => ({ value: String(id), text: seen.get(name) > 1 ? name + " (" + id + ")" : name }))
      .sort((one, two) => (one.text < two.text ? -1 : one.text > two.text ? 1 : 0));
  }

  /** @returns {number[]} the class ids that a label set gives an image */
  function labelsOf(set, place) {
    return [...set.ids.subarray(set.offsets[place], set.offsets[place + 1])];
  }

  const GROUP_TEXT = {
    N: "N: no label", S: "S: one label", M: "M: several labels",
    "S+": "S+: one label, the original", "S-": "S−: one label, not the original",
    "M+": "M+: several, the original among them", "M-": "M−: several, without the original",
  };

  /** Groups that occur, as options; S and M stand for their two halves. */
  function groupOptions(benchmark, images) {
    const found = new Set(images.group);
    const known = benchmark.groups.filter((name, code) => found.has(code));
    const wholes = ["S", "M"].filter((letter) => !known.includes(letter)
      && known.filter((name) => name[0] === letter).length > 1);
    return [...known, ...wholes]
      .sort((one, two) => "NSM".indexOf(one[0]) - "NSM".indexOf(two[0]) || one.length - two.length)
      .map((name) => ({ value: name, text: GROUP_TEXT[name] || name }));
  }

  /** @returns {Uint8Array} the images of a label group */
  function groupBits(benchmark, images, group) {
    const codes = new Set();
    benchmark.groups.forEach((name, code) => {
      if (name === group || (group.length === 1 && name[0] === group)) codes.add(code);
    });
    return bitsOf(images.n, (place) => codes.has(images.group[place]));
  }

  /** @returns {Uint8Array} the images that are filed under a class */
  function classBits(images, id) {
    return bitsOf(images.n, (place) => images.home[place] === id);
  }

  /** @returns {Map<number, number>} how many images of a set are filed under each class */
  function countByClass(images, bits) {
    const counts = new Map();
    for (const place of places(bits)) {
      counts.set(images.home[place], (counts.get(images.home[place]) || 0) + 1);
    }
    return counts;
  }

  /** @returns {Uint8Array} the images of a class and a group; an empty string is no limit */
  function slice(benchmark, images, view) {
    let bits = bitsOf(images.n, () => true);
    if (view.g) bits = both(bits, groupBits(benchmark, images, view.g));
    if (view.c) bits = both(bits, classBits(images, Number(view.c)));
    return bits;
  }

  /** The judgement of a run by one label set under one protocol, or null where it has none. */
  function judged(run, protocol, set) {
    const right = run.right[protocol] && run.right[protocol][set];
    return right ? { right, scored: run.scored[protocol][set] } : null;
  }

  /** @returns {{n: number, right: number, accuracy: ?number}} of a judgement on a set of images */
  function tally(judgement, bits) {
    const n = count(both(judgement.scored, bits));
    const right = count(both(judgement.right, judgement.scored, bits));
    return { n, right, accuracy: percent(right, n) };
  }

  /** "right", "wrong", or "not scored". */
  function verdict(judgement, place) {
    if (!judgement || !has(judgement.scored, place)) return "not scored";
    return has(judgement.right, place) ? "right" : "wrong";
  }

  const SHORT_PROTOCOLS = { ow: "OW", mc: "MC", cw: "CW", cw_plus: "CW+", classify: "classify" };
  const LONGEST_NAME = 48;

  /** What a row is called: its model, and its entry where another row has the same model. */
  function rowName(board, row) {
    const twins = board.rows.filter((other) => other.model === row.model);
    const name = cut(row.model, LONGEST_NAME);
    return twins.length > 1 ? name + " (" + row.entry + ")" : name;
  }

  function boardName(board) {
    return SHORT_PROTOCOLS[board.protocol] + " · " + board.task + (board.claimed ? " · claimed" : "");
  }

  /** Boards as options for a select, by benchmark. */
  function boardOptions(boards) {
    return boards.map((board) => ({ value: board.slug, text: boardName(board), group: board.benchmark }));
  }

  /** The rows of a board as options for a select. */
  function rowOptions(board) {
    return board.rows.map((row) => ({ value: row.entry, text: rowName(board, row) }));
  }

  /** The label sets of a benchmark as options for a select. */
  function labelOptions(benchmark) {
    return benchmark.label_sets.map((name) => ({ value: name, text: name }));
  }

  return Object.freeze({
    STATUSES, STATUS_TEXT, GROUP_TEXT, openBoards, openImages, openRun, textOf, statusOf, countsAs,
    className, classOptions, labelsOf, groupOptions, classBits, countByClass, slice, judged, tally,
    verdict, rowName, boardName, boardOptions, rowOptions, labelOptions, answerText, mostFrequent,
  });
})();
