// The public API, a file per subpath: a change to it shows in the diff. `vitest run test/public-api -u` renews them.
import { readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { types: string }>
}

/** Subpath to source file, read from the exports map, so that no subpath is forgotten. Generated ones are committed as they are. */
const entries = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
  typeof target === 'string' || target.types.includes('/generated/')
    ? []
    : [[subpath, target.types.replace('./dist/', '').replace(/\.d\.ts$/, '.ts')] as const],
)

const program = ts.createProgram(
  entries.map(([, file]) => join(root, file)),
  {
    ...ts.parseJsonConfigFileContent(
      ts.readConfigFile(join(root, 'tsconfig.build.json'), ts.sys.readFile).config,
      ts.sys,
      root,
    ).options,
    noEmit: true,
  },
)
const checker = program.getTypeChecker()
const declarationFiles = new Map<string, ts.SourceFile>()

/** The declarations of one source file, as the compiler would publish them, without comments. */
function declarationsOf(source: ts.SourceFile): ts.SourceFile {
  let file = declarationFiles.get(source.fileName)
  if (!file) {
    const { outputText } = ts.transpileDeclaration(source.text, {
      fileName: source.fileName,
      compilerOptions: {
        declaration: true,
        isolatedDeclarations: true,
        removeComments: true,
        verbatimModuleSyntax: true,
      },
    })
    file = ts.createSourceFile(source.fileName, outputText, ts.ScriptTarget.Latest)
    declarationFiles.set(source.fileName, file)
  }
  return file
}

function describeExport(symbol: ts.Symbol): string {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const declaration = target.declarations?.[0]
  if (!declaration) throw new Error(`${symbol.name} is exported but declared nowhere`)
  const source = declaration.getSourceFile()
  if (!source.fileName.startsWith(`${root}/src`) && !source.fileName.startsWith(`${root}/generated`)) {
    return `export { ${symbol.name} } from '${relative(join(root, 'node_modules'), source.fileName).split('/dist/')[0]}'`
  }
  const file = declarationsOf(source)
  const texts = file.statements
    .filter((statement) => declares(statement, target.name))
    .map((statement) => statement.getText(file))
  if (texts.length === 0) throw new Error(`${target.name} is not declared in ${source.fileName}`)
  const renamed = target.name === symbol.name ? '' : ` // exported as ${symbol.name}`
  return texts.join('\n') + renamed
}

function declares(statement: ts.Statement, name: string): boolean {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.some((d) => ts.isIdentifier(d.name) && d.name.text === name)
  }
  return 'name' in statement && (statement.name as ts.Identifier | undefined)?.text === name
}

/** What an entry file exports, by name. */
function exportsOf(file: string): string[] {
  const source = program.getSourceFile(join(root, file))!
  return checker.getExportsOfModule(checker.getSymbolAtLocation(source)!).map(({ name }) => name)
}

/** What an editor shows of a name of ours; of generated ones it shows what the document says. */
function hasWords(symbol: ts.Symbol): boolean {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const isOurs = target.declarations?.some((one) => one.getSourceFile().fileName.startsWith(`${root}/src`))
  return !isOurs || target.getDocumentationComment(checker).length > 0 || target.getJsDocTags(checker).length > 0
}

describe('public API', () => {
  it.each(['src/client/index.ts', 'src/sessions/index.ts', 'src/errors/index.ts'])(
    'offers at the root what %s does',
    (file) => {
      const missing = exportsOf(file).filter((name) => !exportsOf('src/index.ts').includes(name))
      expect(missing).toEqual([])
    },
  )

  it.each(entries)('%s says of each name what it is', (_, file) => {
    const source = program.getSourceFile(join(root, file))!
    const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source)!)
    expect(exported.filter((symbol) => !hasWords(symbol)).map(({ name }) => name)).toEqual([])
  })

  it.each(entries)('%s is as its snapshot says', async (subpath, file) => {
    const source = program.getSourceFile(join(root, file))
    expect(source, `${file} of the exports map`).toBeDefined()
    const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source!)!)
    const texts = exported.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(describeExport)
    const name = subpath === '.' ? 'authentype' : subpath.slice(2).replaceAll('/', '-')
    await expect(`${texts.join('\n\n')}\n`).toMatchFileSnapshot(`./${name}.api.txt`)
  })
})
