// Holds generated files to what generated files may be: no statement, no call, no name in them but those that the
// generator itself has. TypeScript's parser is the judge of what is code and what is text.
import ts from 'typescript'

/** Names that the emitted code may use without declaring or importing them. */
const globals = new Set(['Array', 'Math', 'Number', 'Object', 'Set', 'String', 'URL', 'undefined'])
/** Of these, what is called. */
const calls = new Set(['Number', 'String'])
/** Methods that the emitted code calls. */
const methods =
  /^(?:api\.(?:send|result|url)|Array\.isArray|Number\.isInteger|Math\.(?:abs|round)|Object\.(?:keys|hasOwn)|(?:primitives|others)\.(?:has|add|some|push)|\w+\.(?:every|some|filter|replace|test)|String\(\w+\)\.replace(?:\(.*?\)\.replace)?|\/.*\/u\.test)$/s
const modules = /^(?:authentype\/api|\.\/(?:models|operations|validators)(?:\.[jt]s)?)$/
/** Tags of documentation that the generator writes. */
const tags = /^@(?:default|example|deprecated|param)\b/
/** What tools obey in comments. */
const annotations = /[@#]\s*(?:__\w|jsx|source(?:Mapping)?URL|ts-)|^\/\/[/!]|^\/[*/]\s*eslint(?!-disable \*\/$)/i

/** What is in a generated file that should not be; nothing is what is wanted. */
export function strangeParts(name: string, text: string): string[] {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true)
  const strange: string[] = []
  const say = (what: string, node: ts.Node): void => {
    strange.push(`${name}: ${what}: ${node.getText(file).slice(0, 120)}`)
  }
  for (const { messageText } of (file as unknown as { parseDiagnostics: ts.Diagnostic[] }).parseDiagnostics)
    strange.push(`${name}: ${String(messageText)}`)
  const declared = declaredNames(file)
  for (const statement of file.statements) judgeStatement(statement, say)
  const visit = (node: ts.Node): void => {
    judgeExpression(node, file, declared, say)
    if (!ts.isTypeNode(node)) node.forEachChild(visit)
  }
  file.forEachChild(visit)
  for (const comment of commentsOf(file)) {
    if (annotations.test(comment)) strange.push(`${name}: a comment that a tool obeys: ${comment.slice(0, 120)}`)
    for (const line of comment.split('\n')) {
      const said = line.replace(/^\s*\/?\*+\s?/, '')
      if (said.startsWith('@') && !tags.test(said)) strange.push(`${name}: a tag: ${said}`)
    }
  }
  return strange
}

type Say = (what: string, node: ts.Node) => void

function judgeStatement(statement: ts.Statement, say: Say): void {
  if (ts.isImportDeclaration(statement)) {
    if (!modules.test((statement.moduleSpecifier as ts.StringLiteral).text)) say('an import', statement)
  } else if (ts.isVariableStatement(statement)) {
    const [declaration] = statement.declarationList.declarations
    const value = declaration?.initializer
    const literal = value && ts.isAsExpression(value) ? value.expression : value
    if (!literal || !(ts.isObjectLiteralExpression(literal) || ts.isStringLiteral(literal))) say('a value', statement)
  } else if (
    !ts.isFunctionDeclaration(statement) &&
    !ts.isTypeAliasDeclaration(statement) &&
    !(ts.isExportDeclaration(statement) && !statement.moduleSpecifier)
  )
    say('a statement', statement)
}

function judgeExpression(node: ts.Node, file: ts.SourceFile, declared: ReadonlySet<string>, say: Say): void {
  if (ts.isCallExpression(node)) {
    const called = node.expression
    if (
      !(ts.isIdentifier(called)
        ? declared.has(called.text) || calls.has(called.text)
        : methods.test(called.getText(file)))
    )
      say('a call', node)
  } else if (ts.isNewExpression(node)) {
    if (!/^(?:URL|Set)$/.test(node.expression.getText(file))) say('a construction', node)
  } else if (ts.isTaggedTemplateExpression(node) || ts.isTemplateExpression(node)) say('a template', node)
  else if (ts.isComputedPropertyName(node)) {
    if (!ts.isStringLiteral(node.expression)) say('a computed name', node)
  } else if (ts.isIdentifier(node) && isUse(node) && !declared.has(node.text) && !globals.has(node.text))
    say('a free name', node)
  else if (ts.isPropertyAssignment(node) && node.name.getText(file).replace(/['"]/g, '') === '__proto__')
    say('a prototype', node)
}

/** Whether the identifier stands for a value, and is not the name of a property, a declaration or a type. */
function isUse(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isTypeNode(parent) || ts.isImportSpecifier(parent) || ts.isTypeAliasDeclaration(parent)) return false
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return false
  return !ts.isBindingElement(parent) && !(ts.isPropertyAssignment(parent) && parent.name === node)
}

function declaredNames(file: ts.SourceFile): Set<string> {
  const names = new Set<string>()
  const visit = (node: ts.Node): void => {
    const { name } = node as { name?: ts.Node }
    const declares =
      ts.isFunctionDeclaration(node) ||
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isImportSpecifier(node) ||
      ts.isBindingElement(node)
    if (declares && name && ts.isIdentifier(name)) names.add(name.text)
    node.forEachChild(visit)
  }
  visit(file)
  return names
}

function commentsOf(file: ts.SourceFile): string[] {
  const { text } = file
  const found = new Map<number, string>()
  const visit = (node: ts.Node): void => {
    const start = node.getFullStart()
    for (const { pos, end } of [
      ...(ts.getLeadingCommentRanges(text, start) ?? []),
      ...(ts.getTrailingCommentRanges(text, node.end) ?? []),
    ])
      found.set(pos, text.slice(pos, end))
    node.forEachChild(visit)
  }
  visit(file)
  return [...found.values()]
}
