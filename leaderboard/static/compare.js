// compare.html: two to five runs over the same images, of one ranking or of several, whole or by slice.
"use strict";

(function () {
  const { load, make, labelled, fillSelect, readView, writeView, onView, drawing } = HARNESS;
  const LETTERS = ["A", "B", "C", "D", "E"];
  /** Keys of the view in the address, and the control of each. Besides, the runs are in b and x
   * (ranking and model of A), d and y (of B, d where it is another ranking), and r (further ones). */
  const CONTROLS = { l: "labels", g: "group", c: "class" };
  const at = (id) => document.getElementById(id);
  let boards = null;

  /** What the address asks for, completed and corrected by what there is. */
  function settle(view) {
    const board = boards.boards.find((each) => each.slug === view.b)
      || boards.boards.find((each) => each.rows.length > 1) || boards.boards[0];
    const near = boards.boards.filter((each) => each.benchmark === board.benchmark);
    const alone = board.rows.length === 1 && !view.y;
    const second = near.find((each) => each.slug === view.d)
      || (alone && near.find((each) => each !== board)) || board;
    const a = board.rows.find((row) => row.entry === view.x) || board.rows[0];
    const b = second.rows.find((row) => row.entry === view.y)
      || second.rows.find((row) => second !== board || row !== a) || a;
    const further = (view.r || "").split(",").map((each) => each.split(":"))
      .map(([slug, entry]) => runAt(near.find((each) => each.slug === slug), entry));
    const runs = [{ board, row: a }, { board: second, row: b }, ...further.filter(Boolean)];
    const benchmark = boards.benchmarks[board.benchmark];
    const labels = benchmark.label_sets.includes(view.l) ? view.l : benchmark.headline;
    return {
      benchmark, near, labels, name: board.benchmark,
      sides: runs.slice(0, LETTERS.length).map((run, place) => ({ letter: LETTERS[place], ...run })),
      g: view.g || "", c: view.c || "", m: view.m === "all" ? "all" : "", p: view.p || "",
    };
  }

  /** A run of a ranking; the first where it has none of this entry, null where there is no ranking. */
  function runAt(board, entry) {
    return board ? { board, row: board.rows.find((row) => row.entry === entry) || board.rows[0] } : null;
  }

  /** The keys of the runs in the address. */
  function runsInAddress([[b, x], [d, y], ...others]) {
    return { b, x, d: d === b ? "" : d, y, r: others.map((each) => each.join(":")).join(",") };
  }

  function addressOf({ sides, labels, benchmark, g, c, m, p }) {
    const many = sides.length > 2;
    return {
      ...runsInAddress(sides.map(({ board, row }) => [board.slug, row.entry])),
      l: labels === benchmark.headline ? "" : labels, g, c, m: many ? "" : m, p: many ? p : "",
    };
  }

  /** The next run that is not chosen yet, of the first ranking if it has one. */
  function nextRun({ near, sides }) {
    if (sides.length === LETTERS.length) return null;
    const chosen = new Set(sides.map(COMPARE_PARTS.runKey));
    const first = sides[0].board;
    return [first, ...near.filter((each) => each !== first)]
      .flatMap((board) => board.rows.map((row) => ({ board, row })))
      .find((run) => !chosen.has(COMPARE_PARTS.runKey(run))) || null;
  }

  /** The two selects of each run and, of more than two, what takes it away. */
  function drawRuns(n) {
    if (at("runs").childElementCount === n) return;
    at("runs").replaceChildren(...LETTERS.slice(0, n).map((letter, place) => make("div", { class: "run" },
      labelled("Ranking of " + letter, make("select", { "data-key": "board", onchange: () => changeRun(place, true) })),
      labelled("Model " + letter, make("select", { "data-key": "row", onchange: () => changeRun(place, false) })),
      n > 2 ? make("button", { type: "button", onclick: () => removeRun(place) }, "Remove " + letter) : null)));
  }

  function runSelects() {
    return [...at("runs").children].map((run) => [...run.querySelectorAll("select")]);
  }

  function fillControls(chosen, images) {
    const { sides, near, benchmark } = chosen;
    drawRuns(sides.length);
    runSelects().forEach(([ranking, model], place) => {
      const { board, row } = sides[place];
      fillSelect(ranking, RUNS.boardOptions(place ? near : boards.boards), board.slug);
      fillSelect(model, RUNS.rowOptions(board), row.entry);
    });
    at("add").disabled = !nextRun(chosen);
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

  /** Interval and corrected p of two sides on the whole set, from Python; null where there are none. */
  async function pairsFromPython({ sides, benchmark, name, labels, g, c }) {
    if (labels !== benchmark.headline || g || c) return () => null;
    const isCrossed = benchmark.crossed && sides.some(({ board }) => board !== sides[0].board);
    const crossed = isCrossed ? await load("data/" + name + "/pairs.js", "pairs/" + name) : null;
    const find = (pairs, i, j) => pairs.find((each) => each[0] === Math.min(i, j) && each[1] === Math.max(i, j));
    return (one, other) => {
      const [a, b] = [sides[one], sides[other]];
      if (a.board === b.board) {
        const [i, j] = [a, b].map(({ board, row }) => board.rows.indexOf(row));
        const pair = find(a.board.pairs, i, j);
        return pair ? turned(pair[6], pair[7], pair[9], i > j, "all pairs of the ranking") : null;
      }
      if (!crossed) return null;
      const [i, j] = [a, b].map((side) => crossed.runs.indexOf(COMPARE_PARTS.runKey(side)));
      const pair = find(crossed.pairs, i, j);
      return pair ? turned(pair[2], pair[3], pair[4], i > j, "all pairs of the " + crossed.runs.length + " runs") : null;
    };
  }

  const redraw = drawing(async (late) => {
    boards = await RUNS.openBoards();
    const chosen = settle(readView());
    const images = await RUNS.openImages(chosen.name);
    if (!images.names.has(Number(chosen.c || NaN))) chosen.c = "";
    if (!RUNS.groupOptions(chosen.benchmark, images).some((each) => each.value === chosen.g)) chosen.g = "";
    const { sides, labels } = chosen;
    const [runs, pairOf] = await Promise.all([
      Promise.all(sides.map(({ row }) => RUNS.openRun(row))), pairsFromPython(chosen),
    ]);
    if (late()) return;
    sides.forEach((side, place) => {
      side.run = runs[place];
      side.judgement = RUNS.judged(side.run, side.board.protocol, labels);
    });
    fillControls(chosen, images);
    at("controls").hidden = false;
    writeView(addressOf(chosen), false);
    at("result").hidden = true;
    if (sides.every((side) => side.judgement)) {
      const view = sides.length > 2 ? COMPARE_MANY : COMPARE_VIEW;
      const n = view.show(at("result"), {
        ...chosen, images, pairOf, addressOf: (changed) => addressOf({ ...chosen, ...changed }),
      });
      at("result").hidden = false;
      at("status").textContent = n + " of " + images.n + " images, scored by " + labels + ".";
    } else at("status").textContent = (sides.length > 2 ? "Not all of them" : "The two") + " were "
      + (sides.length > 2 ? "" : "not ") + "scored by " + labels + ".";
  });

  /** Show the runs, as [ranking, entry], and what the other controls say. */
  function show(runs) {
    const others = Object.fromEntries(Object.entries(CONTROLS).map(([key, id]) => [key, at(id).value]));
    writeView({ ...runsInAddress(runs), ...others }, true);
    return redraw();
  }

  function chosenRuns() {
    return runSelects().map((selects) => selects.map(({ value }) => value));
  }

  /** Another ranking of A takes those along that were of the same one. */
  function changeRun(place, isBoard) {
    const runs = chosenRuns();
    if (isBoard && place === 0) {
      const { sides } = settle(readView());
      sides.forEach(({ board }, other) => {
        if (board === sides[0].board) runs[other][0] = runs[0][0];
      });
    }
    show(runs);
  }

  async function addRun() {
    const { board, row } = nextRun(settle(readView()));
    await show([...chosenRuns(), [board.slug, row.entry]]);
    runSelects().pop()[0].focus();
  }

  async function removeRun(place) {
    await show(chosenRuns().filter((_, other) => other !== place));
    at("add").focus();
  }

  for (const id of Object.values(CONTROLS)) at(id).addEventListener("change", () => show(chosenRuns()));
  at("add").addEventListener("click", addRun);
  at("swap").addEventListener("click", () => {
    const [a, b, ...others] = chosenRuns();
    show([b, a, ...others]);
  });
  onView(redraw);
  redraw();
})();
