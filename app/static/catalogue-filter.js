// Which entries of the catalogue a choice of filters leaves, and how many each further choice would leave.

const NOT_STATED = "not stated";

export const SECTIONS = [
  ["algorithms", "Algorithms"],
  ["datasets", "Data sets"],
  ["benchmarks", "Benchmarks"],
];
const values = (entry, name) => (entry.facts[name] ?? []).map((fact) => fact.value);

/** The facets of each section: [key in the address, title, (entry) => values, several areas?]. */
export const FACETS = {
  algorithms: [
    { key: "group", title: "Scenario", of: (entry) => entry.groups },
    { key: "kind", title: "Kind of optimisation", of: (entry) => stated(values(entry, "kind")) },
  ],
  datasets: [
    { key: "annotation", title: "Annotation", of: (entry) => stated(values(entry, "annotation")) },
    { key: "construction", title: "Knowledge", of: (entry) => stated(values(entry, "construction")) },
  ],
  benchmarks: [{ key: "group", title: "Category", of: (entry) => entry.groups }],
};
const YEAR = { key: "year", title: "Year", of: (entry) => [entry.date.slice(0, 4) || NOT_STATED] };

const stated = (found) => (found.length ? found : [NOT_STATED]);

export const facetsOf = (section) => [...(FACETS[section] ?? []), YEAR];

/** Whether it was found in a source, and all that is said of it too. */
export function isChecked(entry) {
  return entry.sources.length > 0 && Object.values(entry.facts).flat().every((fact) => fact.checked);
}

/** The entry without what was not found in a source; null where nothing is left of it. */
export function checkedOnly(entry) {
  if (!entry.sources.length) return null;
  const facts = Object.entries(entry.facts).map(([name, list]) => [name, list.filter((fact) => fact.checked)]);
  return { ...entry, facts: Object.fromEntries(facts.filter(([, list]) => list.length)) };
}

/** All that can be searched for in an entry, in small letters. */
function text(entry) {
  const facts = Object.values(entry.facts).flatMap((list) => list.map((fact) => fact.value));
  return [entry.name, entry.title, entry.venue, entry.arxiv, ...entry.groups, ...facts].join(" ").toLowerCase();
}

function matches(entry, section, wanted, except = "") {
  if (wanted.here && !entry.here) return false;
  if (wanted.month && except !== "month" && entry.date !== wanted.month) return false;
  const words = (wanted.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const all = words.length ? text(entry) : "";
  if (!words.every((word) => all.includes(word))) return false;
  return facetsOf(section).every(
    ({ key, of }) => key === except || !wanted[key] || of(entry).includes(wanted[key]),
  );
}

/** `wanted`: {q, group, kind, annotation, construction, year, month, here, checked, sort}; all may be missing. */
export function choose(all, section, wanted) {
  const entries = wanted.checked ? all.map(checkedOnly).filter(Boolean) : all;
  const found = entries.filter((entry) => matches(entry, section, wanted));
  const byName = (a, b) => a.name.localeCompare(b.name, "en");
  const byDate = (a, b) => !a.date - !b.date || b.date.localeCompare(a.date) || byName(a, b);
  return found.sort(wanted.sort === "name" ? byName : byDate);
}

/** [value, number of entries with it], the most frequent first, with every other filter as it is. */
export function counts(all, section, wanted, facet) {
  const entries = wanted.checked ? all.map(checkedOnly).filter(Boolean) : all;
  const found = new Map();
  for (const entry of entries.filter((each) => matches(each, section, wanted, facet.key)))
    for (const value of facet.of(entry)) found.set(value, (found.get(value) ?? 0) + 1);
  const order = facet.key === "year" ? ([a], [b]) => b.localeCompare(a) : (a, b) => b[1] - a[1] || a[0].localeCompare(b[0]);
  const last = ([value]) => value === NOT_STATED;
  return [...found].sort((a, b) => last(a) - last(b) || order(a, b));
}

/** [[month, number in the section, number among those chosen], ...] without gaps; what came before `from` is its own. */
export function months(all, section, wanted, from = "2023-01") {
  const chosen = choose(all, section, { ...wanted, month: "" });
  const place = (entry) => (entry.date < from ? "before" : entry.date);
  const dated = (entries) => entries.filter((entry) => entry.date);
  const count = (entries) =>
    dated(entries).reduce((map, entry) => map.set(place(entry), (map.get(place(entry)) ?? 0) + 1), new Map());
  const [every, some] = [count(all), count(chosen)];
  const last = dated(all).reduce((latest, entry) => (entry.date > latest ? entry.date : latest), from);
  const names = every.has("before") ? ["before"] : [];
  for (let month = from; month <= last; month = next(month)) names.push(month);
  return names.map((name) => [name, every.get(name) ?? 0, some.get(name) ?? 0]);
}

function next(month) {
  const [year, at] = month.split("-").map(Number);
  return at === 12 ? `${year + 1}-01` : `${year}-${String(at + 1).padStart(2, "0")}`;
}
