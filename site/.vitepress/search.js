// How the search of the site ranks what it finds; test/scenes/docs/site.test.ts asks the built index in the same way.

/** Of a section, by its address: those that few readers look for come last. @param {string} id */
export const boostOf = (id) =>
  /^\/(?:docs\/(?:api|decisions)\/|ARCHITECTURE|CONTRIBUTING)/.test(id) ? 0.2 : 1

/** Of MiniSearch. */
export const searchOptions = {
  fuzzy: 0.2,
  prefix: true,
  boost: { title: 4, text: 2, titles: 1 },
  boostDocument: boostOf,
}

/** Pages that the search leaves out: what has changed is no answer. */
export const unsearched = ['CHANGELOG.md']
