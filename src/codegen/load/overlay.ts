import { GenerateError } from '../../errors/generate.ts'
import { isRawObject, own } from '../normalise/raw.ts'
import { followPath, type Location, parsePath, selectNodes } from './json-path.ts'
import { createPositions, type Source } from './source.ts'

/**
 * Applies OpenAPI Overlay documents (1.0, 1.1) to a document. What an action touches is copied on the way down from
 * the root, so that a part which YAML aliases share is changed in the one place that was meant.
 *
 * @throws GenerateError overlay_invalid, with its place
 * @see OpenAPI Overlay 1.1 4.4
 */
export function applyOverlays(source: Source, overlays: readonly Source[], faults: OverlayFault[] = []): Source {
  if (overlays.length === 0) return source
  const originals = new WeakMap<object, object>()
  let root = source.root
  for (const overlay of overlays) root = applyOverlay(root, overlay, originals, faults)
  const offsetOf = (node: object): number | undefined => {
    let original = node
    for (let next = originals.get(original); next; next = originals.get(original)) original = next
    return source.offsetOf(original)
  }
  return { ...source, root, offsetOf }
}

/** An action that changes nothing: most likely a slip of the keyboard, or the provider has mended it. */
export interface OverlayFault {
  readonly action: unknown
  readonly message: string
  readonly advice: string
}

type Originals = WeakMap<object, object>

function applyOverlay(given: unknown, overlay: Source, originals: Originals, faults: OverlayFault[]): unknown {
  // Unquoted in YAML, 1.0 and 1.1 are numbers.
  if (!/^1(\.[01])?(\.|$)/.test(String(own(overlay.root, 'overlay')))) {
    throw invalid(overlay, overlay.root, 'it is no overlay: expected overlay: 1.0.0 or 1.1.0')
  }
  const actions = own(overlay.root, 'actions')
  // Overlay 1.1 4.4.1: at least one.
  if (!Array.isArray(actions) || actions.length === 0)
    throw invalid(overlay, overlay.root, 'it has no list of "actions"')
  let root = given
  for (const action of actions as unknown[]) {
    if (!isRawObject(action)) throw invalid(overlay, actions, 'an action is not an object')
    root = applyAction(root, action, overlay, originals, faults)
  }
  return root
}

function applyAction(
  root: unknown,
  action: unknown,
  overlay: Source,
  originals: Originals,
  faults: OverlayFault[],
): unknown {
  const locations = locate(root, own(action, 'target'), action, overlay)
  const copied = own(action, 'copy')
  const isRemoval = own(action, 'remove') === true
  if (!isRemoval && copied === undefined && own(action, 'update') === undefined)
    faults.push({
      action,
      message: 'the action of the overlay has no "update", no "copy" and no "remove: true"; it changes nothing',
      advice: 'correct the name, or remove the action',
    })
  // Overlay 1.1 4.4.3: that is no error.
  else if (locations.length === 0)
    faults.push({
      action,
      message: `"${String(own(action, 'target'))}" fits nothing in the document; the action of the overlay changes nothing`,
      advice: 'correct the path; or remove the action, if what it corrected is gone',
    })
  if (isRemoval && locations.some(({ length }) => length === 0))
    throw invalid(overlay, action, 'the whole document cannot be removed')
  if (isRemoval) return removeAll(root, locations, originals)
  const source = copied === undefined ? undefined : locate(root, copied, action, overlay)
  // Overlay 1.1 4.4.3: copy must select one node.
  if (source && source.length !== 1)
    throw invalid(overlay, action, `"copy" selects ${source.length} nodes; expected one`)
  const updates = [
    ...(source ? [followPath(root, source[0]!)] : []),
    ...(Object.hasOwn(action as object, 'update') ? [own(action, 'update')] : []),
  ]
  let result = root
  for (const update of updates) {
    for (const location of locations) {
      const merged = merge(followPath(result, location), update, originals)
      if (merged === undefined)
        throw invalid(overlay, action, 'its target is neither an object nor an array, so it takes no such update')
      result = replaceAt(result, location, merged, originals)
    }
  }
  return result
}

function locate(root: unknown, path: unknown, action: unknown, overlay: Source): Location[] {
  if (typeof path !== 'string') throw invalid(overlay, action, 'an action has no "target"')
  try {
    return selectNodes(root, parsePath(path))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw invalid(overlay, action, `"${path}" is no JSONPath (RFC 9535): ${error.message}`)
  }
}

/** Overlay 1.1 4.4.3: objects are merged, to an array the update is added, anything else takes its place. */
function merge(target: unknown, update: unknown, originals: Originals): unknown {
  if (Array.isArray(target))
    return remember([...target, ...(Array.isArray(update) ? update : [update])], target, originals)
  if (!isRawObject(target)) return isRawObject(update) || Array.isArray(update) ? undefined : update
  if (!isRawObject(update)) return undefined
  const merged: Record<string, unknown> = { ...target }
  for (const [key, value] of Object.entries(update)) {
    const present = own(target, key)
    const isMergeable = (isRawObject(present) && isRawObject(value)) || (Array.isArray(present) && Array.isArray(value))
    const next = isMergeable ? merge(present, value, originals) : value
    // Unlike assignment, makes `__proto__` a property like any other.
    Object.defineProperty(merged, key, { value: next, enumerable: true, writable: true, configurable: true })
  }
  return remember(merged, target, originals)
}

/** From the last to the first, so that indexes stay what they were. */
function removeAll(root: unknown, locations: readonly Location[], originals: Originals): unknown {
  let result = root
  for (const location of locations.toReversed()) {
    const key = location.at(-1)
    const parent = location.slice(0, -1)
    const container = followPath(result, parent)
    if (key === undefined || typeof container !== 'object' || container === null) continue
    result = replaceAt(result, parent, without(container, key, originals), originals)
  }
  return result
}

function without(container: object, key: string | number, originals: Originals): unknown {
  if (Array.isArray(container))
    return remember(
      container.filter((_, index) => index !== key),
      container,
      originals,
    )
  const rest = Object.fromEntries(Object.entries(container).filter(([name]) => name !== key))
  return remember(rest, container, originals)
}

function replaceAt(node: unknown, location: Location, value: unknown, originals: Originals): unknown {
  const [key, ...rest] = location
  if (key === undefined) return value
  if (Array.isArray(node)) {
    const copy = node.map((item: unknown, index) => (index === key ? replaceAt(item, rest, value, originals) : item))
    return remember(copy, node, originals)
  }
  const entries = Object.entries(node as object).map(([name, item]: [string, unknown]) => [
    name,
    name === key ? replaceAt(item, rest, value, originals) : item,
  ])
  return remember(Object.fromEntries(entries) as object, node as object, originals)
}

function remember<Copy extends object>(copy: Copy, original: object, originals: Originals): Copy {
  originals.set(copy, original)
  return copy
}

function invalid(overlay: Source, node: unknown, what: string): GenerateError {
  const offset = typeof node === 'object' && node !== null ? overlay.offsetOf(node) : undefined
  const place = offset === undefined ? undefined : createPositions(overlay.text)(offset)
  const where = place ? `${overlay.name}:${place.line}:${place.column}` : overlay.name
  return new GenerateError('overlay_invalid', `${where}: ${what}`, { file: overlay.name, ...place })
}
