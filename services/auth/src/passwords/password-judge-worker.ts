import { parentPort } from 'node:worker_threads'
import { judgePassword } from '../../password-strength.ts'
import type { Question } from './password-judge.ts'

parentPort?.on('message', ({ password, owner }: Question) => { parentPort?.postMessage(judgePassword(password, owner)) })
