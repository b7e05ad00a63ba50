// `npm pack` and `npm publish`, before they look for files: installs and builds what is missing.
import { prepare } from './prepare.js'

prepare()
