// compare.html: two runs over the same images, of one ranking or of two, whole or by slice.
"use strict";

(function () {
  const { load, fillSelect, readView, writeView, onView, drawing } = HARNESS;
  /** Keys of the view in the address, and the control of each. */
  const CONTROLS = {
    b: "board", x: "first", d: "other", y: "second", l: "labels", g: "group", c: "class",
  };
  const at = (id) => document.getElementById(id);
  let boards = null;

  /** What the address asks for, completed and corrected by what there is. */
  function settle(view) {
    const board = boards.boards.find((each) => each.slug === view.b)
      || boards.boards.find((each) => each.rows.length > 1) || boards.boards[0];
    const near = boards.boards.filter((each) => each.benchmark === board.benchmark);
    const alone = board.rows.length === 1 && !view.y;
    const other = near.find((each) => each.slug === view.d)
      || (alone && near.find((each) => each !== board)) || board;
    const a = board.rows.find((row) => row.entry === view.x) || board.rows[0];
    const b = other.rows.find((row) => row.entry === view.y)
      || other.rows.find((row) => other !== board || row !== a) || a;
    const benchmark = boards.benchmarks[board.benchmark];
    const labels = benchmark.label_sets.includes(view.l) ? view.l : benchmark.headline;
    return {
      benchmark, near, labels, name: board.benchmark, a: { board, row: a }, b: { board: other, row: b },
      g: view.g || "", c: view.c || "", m: view.m === "all" ? "all" : "",
    };
  }

  function addressOf({ a, b, labels, benchmark, g, c, m }) {
    return {
      b: a.board.slug, x: a.row.entry, d: b.board === a.board ? "" : b.board.slug, y: b.row.entry,
      l: labels === benchmark.headline ? "" : labels, g, c, m,
    };
  }

  function fillControls(chosen, images) {
    const { a, b, near, benchmark } = chosen;
    fillSelect(at("board"), RUNS.boardOptions(boards.boards), a.board.slug);
    fillSelect(at("other"), RUNS.boardOptions(near), b.board.slug);
    fillSelect(at("first"), RUNS.rowOptions(a.board), a.row.entry);
    fillSelect(at("second"), RUNS.rowOptions(b.board), b.row.entry);
    fillSelect(at("labels"), RUNS.labelOptions(benchmark), chosen.labels);
    const groups = RUNS.groupOptions(benchmark, images);
    fillSelect(at("group"), [{ value: "", text: "all" }, ...groups], chosen.g);
    fillSelect(at("class"), [{ value: "", text: "all" }, ...RUNS.classOptions(images)], chosen.c);
  }

  /** What Python computed of a pair, turned so that it is the difference A − B. */
  function turned(low, high, holm, isTurned, family) {
    const ends = isTurned && low !== null ? [-high, -low] : [low, high];
    return { low: ends[0], high: ends[1], holm, family };
  }

  /** Interval and corrected p of the whole set, from Python; null where there are none. */
  async function pairOf({ a, b, benchmark, name, labels, g, c }) {
    if (labels !== benchmark.headline || g || c) return null;
    if (a.board === b.board) {
      const [i, j] = [a.board.rows.indexOf(a.row), b.board.rows.indexOf(b.row)];
      const pair = a.board.pairs.find((each) => each[0] === Math.min(i, j) && each[1] === Math.max(i, j));
      return pair ? turned(pair[6], pair[7], pair[9], i > j, "all pairs of the ranking") : null;
    }
    if (!benchmark.crossed) return null;
    const { runs, pairs } = await load("data/" + name + "/pairs.js", "pairs/" + name);
    const [i, j] = [a, b].map(({ board, row }) => runs.indexOf(board.slug + ":" + row.entry));
    const pair = pairs.find((each) => each[0] === Math.min(i, j) && each[1] === Math.max(i, j));
    return pair ? turned(pair[2], pair[3], pair[4], i > j, "all pairs of the " + runs.length + " runs") : null;
  }

  const redraw = drawing(async (late) => {
    boards = await RUNS.openBoards();
    const chosen = settle(readView());
    const images = await RUNS.openImages(chosen.name);
    if (!images.names.has(Number(chosen.c || NaN))) chosen.c = "";
    if (!RUNS.groupOptions(chosen.benchmark, images).some((each) => each.value === chosen.g)) chosen.g = "";
    const sides = [chosen.a, chosen.b];
    const [runs, pair] = await Promise.all([
      Promise.all(sides.map(({ row }) => RUNS.openRun(row))), pairOf(chosen),
    ]);
    if (late()) return;
    sides.forEach((side, place) => {
      side.run = runs[place];
      side.judgement = RUNS.judged(side.run, side.board.protocol, chosen.labels);
    });
    fillControls(chosen, images);
    at("controls").hidden = false;
    writeView(addressOf(chosen), false);
    at("result").hidden = true;
    if (sides.every((side) => side.judgement)) {
      const found = COMPARE_VIEW.show(at("result"), { ...chosen, images, pair, address: addressOf(chosen) });
      at("result").hidden = false;
      at("status").textContent = found.n + " of " + images.n + " images, scored by " + chosen.labels + ".";
    } else at("status").textContent = "The two were not scored by " + chosen.labels + ".";
  });

  function chosenByControls() {
    const view = Object.fromEntries(Object.entries(CONTROLS).map(([key, id]) => [key, at(id).value]));
    return { ...view, d: view.d === view.b ? "" : view.d };
  }

  /** Another ranking of A takes B along where B was of the same one. */
  function chooseBoard() {
    const before = settle(readView());
    const view = chosenByControls();
    return before.a.board === before.b.board ? { ...view, d: "" } : view;
  }

  for (const id of Object.values(CONTROLS)) at(id).addEventListener("change", () => {
    writeView(id === "board" ? chooseBoard() : chosenByControls(), true);
    redraw();
  });
  at("swap").addEventListener("click", () => {
    const { b, x, d, y, ...view } = chosenByControls();
    writeView({ b: d || b, x: y, d: d && b, y: x, ...view }, true);
    redraw();
  });
  onView(redraw);
  redraw();
})();
