// Files of this package beside its code: programs of workers, pages.

/**
 * @param path relative to the module.
 * @param module `import.meta.url` of the module; `undefined` in a bundle to CommonJS, beside which there are no such files.
 */
export function moduleFile(path: string, module: string | undefined): URL {
  return new URL(path, module ?? 'file:///bundled/')
}
