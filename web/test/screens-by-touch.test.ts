import t from 'tap'
import { judgeScreens } from './judge-screens.ts'

await judgeScreens(t, { name: 'by touch', hasTouch: true, viewports: [[360, 740], [768, 1024]], extremes: [[320, 568]] })
