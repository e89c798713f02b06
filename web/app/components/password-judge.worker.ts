import { judgePassword, type PasswordOwner } from '@daymark/auth/password-strength'

addEventListener('message', ({ data: { id, password, owner } }: MessageEvent<{ id: number, password: string, owner: PasswordOwner }>) => {
  postMessage({ id, verdict: judgePassword(password, owner) })
})
