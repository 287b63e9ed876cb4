// The neighbourhood of a node: asked of REST, grown by what is opened, and what of it is drawn.

import { api } from "./core.js";

const MORE = 30; // nodes that a stub opens
const MOST = 300; // nodes that are drawn
const OUTSIDE = 2; // steps from the centre at which those stand that only an absent link brings in

/** `asked`: {limit, hops, weight, top, also}; empty ones are left to the run. */
export async function around(run, position, asked, signal) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value !== "") for (const each of [value].flat()) parameters.append(name, each);
  const found = await api(`runs/${run}/nodes/${position}/around?${parameters}`, { signal });
  const ends = new Set(found.edges.flatMap(({ source, target }) => [source, target]));
  const nodes = found.nodes.map((node) => ({ ...node, hop: node.hop ?? OUTSIDE, linked: node.hop === 0 || ends.has(node.position) }));
  return { ...found, nodes };
}

/** The neighbourhood with more of the neighbours of one of its nodes; the same where REST gives no more. */
export async function opened(run, ego, position, asked, signal) {
  const shown = neighboursOf(ego, position).size + 1; // of which the node itself is one
  const found = await around(run, position, { ...asked, hops: 1, limit: Math.min(MOST, shown + MORE) }, signal);
  const hops = new Map(ego.nodes.map((node) => [node.position, node.hop]));
  const next = hops.get(position) + 1;
  for (const node of found.nodes) if (node.linked && !hops.has(node.position)) hops.set(node.position, next);
  if (hops.size === ego.nodes.length || hops.size > MOST) return ego;
  // Asked once more around the centre, for the links between all that is drawn.
  const all = await around(run, ego.centre, { ...asked, also: [...hops.keys()] }, signal);
  return { ...all, nodes: all.nodes.map((node) => ({ ...node, hop: hops.get(node.position) ?? node.hop })) };
}

export function neighboursOf({ edges }, position) {
  const found = new Set();
  for (const { source, target } of edges) {
    if (source === position && target !== position) found.add(target);
    if (target === position && source !== position) found.add(source);
  }
  return found;
}

/** Links as they are drawn: undirected ones once, whichever way they were recorded; `both` where each way is one. */
export function drawnLinks(edges, directed) {
  const way = (source, target) => `${source} ${target}`;
  const ways = new Map(edges.map((edge) => [way(edge.source, edge.target), edge]));
  return edges
    .map((edge) => ({ ...edge, back: edge.source === edge.target ? undefined : ways.get(way(edge.target, edge.source)) }))
    .filter(({ source, target, back }) => directed || !back || source < target)
    .map((edge) => ({ ...edge, surprising: edge.surprising || (!directed && Boolean(edge.back?.surprising)) }));
}
