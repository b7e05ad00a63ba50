// The JSON Schema of configuration files for editors, from src/config/schema.ts after a build: contrib/topspin.schema.json.
// It accepts every form that a file may have, and refuses unknown keys. Written by configuration-page.js.
import { configJsonSchema } from '../dist/src/config/schema.js'
import { shortForms } from '../dist/src/config/short-forms.js'

export function editorSchema() {
  const { $schema, properties, additionalProperties } = configJsonSchema()
  const schema = {
    $schema,
    title: 'Configuration of topspin serve',
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, one]) => [name, forEditors(one, name)]),
    ),
    additionalProperties,
  }
  return `${JSON.stringify(schema, null, 1)}\n`
}

/** @param name of the key, with the sections around it. */
function forEditors(schema, name) {
  const { form, description, default: fallback, keys: _, properties, ...rest } = schema
  const text = [description, form].filter((part) => part !== undefined).join('\n\n')
  const notes = {
    ...(text !== '' && { description: text }),
    ...(fallback !== undefined && { default: fallback }),
  }
  // A value with forms of its own is checked by `topspin check`: a list may be written as its only entry, for example.
  if (properties === undefined) return rest.type === 'array' ? notes : { ...notes, ...rest }
  const inner = Object.entries(properties).map(([key, one]) => [
    key,
    forEditors(one, `${name}.${key}`),
  ])
  const section = { ...rest, properties: Object.fromEntries(inner) }
  if (!shortForms.has(name)) return { ...notes, ...section }
  // The keys of a check may stand in `health` itself.
  if (name === 'health') return notes
  return { ...notes, anyOf: [{ not: { type: 'object' } }, section] }
}
