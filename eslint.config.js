import neostandard from 'neostandard'
import ts from 'typescript-eslint'

const onlyStaticSql = {
  selector: "MemberExpression[object.name='sql'][property.name='unsafe']",
  message: 'Declare the row with sql.type.',
}
const onlyConfigReadsTheEnvironment = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Read the environment in config.ts alone, once, by its schema.',
}

/**
 * The import rule of specs/overview.md: routes -> use case -> queries -> kit, one way. Of several blocks that set a rule
 * the last one alone counts for a file, so each kind of file gets all of its patterns in one.
 */
const allowImports = (files, ...forbidden) => ({
  files, rules: { 'no-restricted-imports': ['error', { patterns: forbidden.map(([regex, message]) => ({ regex, message })) }] },
})
const otherServices = (own) => [`^@daymark/(?!kit/|${own}/)|^(\\.\\./)+(?:services/)?(?!${own}/)(auth|tasks|kit|web|db|local)/`, 'Services never import each other; kit by its name.']
const upwards = ['/(routes|app|server)\\.ts$', 'Imports point one way: routes -> use case -> queries -> kit.']

export default [
  { ignores: ['**/node_modules/**', 'web/build/**', '.daymark/**', '**/.tap/**'] },
  ...neostandard({ ts: true }),
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@typescript-eslint': ts.plugin },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-redeclare': 'off', // one name for a schema and its type
      'no-redeclare': 'off',
      camelcase: 'off', // a field keeps its snake_case name from the column to the form
      '@stylistic/comma-dangle': ['error', 'always-multiline'],
      'no-restricted-syntax': ['error', onlyStaticSql],
    },
  },
  {
    files: ['services/**/*.ts', 'web/**/*.{ts,tsx}'],
    ignores: ['**/config.ts', '**/test/**', 'services/kit/src/test-*.ts', 'web/vite.config.ts'],
    rules: { 'no-restricted-syntax': ['error', onlyStaticSql, onlyConfigReadsTheEnvironment] },
  },
  allowImports(['services/kit/**'], ['^@daymark/|/(auth|tasks|web|db|local)/', 'kit imports nothing of ours.']),
  ...['auth', 'tasks'].flatMap((own) => [
    allowImports([`services/${own}/**`], otherServices(own)),
    allowImports([`services/${own}/src/**`], otherServices(own), upwards),
    allowImports([`services/${own}/contracts.ts`], ['^(?!@sinclair/typebox$)', 'contracts.ts imports TypeBox alone.']),
    allowImports([`services/${own}/operations.ts`], ['^(?!(@sinclair/typebox|\\./contracts\\.ts)$)', 'operations.ts imports TypeBox and the contracts alone.']),
  ]),
  allowImports(['services/auth/password-strength.ts'], ['^(?!@zxcvbn-ts/)', 'password-strength.ts runs in browsers too, and imports zxcvbn alone.']),
  allowImports(['web/**'], ['^(slonik|pg$|@daymark/(kit|db|local)|@daymark/(auth|tasks)(?!/contracts$|/operations$|/password-strength$)|(\\.\\./)+(services|db|local)/)', 'web speaks HTTP; import @daymark/*/contracts, the operations, and how passwords are judged.']),
  { files: ['**/test/**'], rules: { 'no-restricted-imports': 'off' } }, // tests see the parts from outside
  { files: ['**/test/**'], rules: { '@typescript-eslint/no-floating-promises': 'off' } }, // t.test returns a promise tap awaits
]
