export interface SecurityHeaderOptions { publicOrigin: string, isDevServer: boolean }

/** The headers of every answer that is not a static file; scripts run only by this response's nonce. */
export function securityHeaders ({ publicOrigin, isDevServer }: SecurityHeaderOptions): (nonce: string) => Record<string, string> {
  const isHttps = publicOrigin.startsWith('https:')
  const always = {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    // Not no-referrer: a form's Origin would then be `null`, and be refused.
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()',
    ...isHttps && { 'strict-transport-security': 'max-age=63072000; includeSubDomains' },
  }
  // Vite's client puts styles into the page and speaks to its own socket.
  const dev = isDevServer ? { style: " 'unsafe-inline'", connect: ' ws://localhost:*' } : { style: '', connect: '' }
  return (nonce) => ({
    ...always,
    'content-security-policy': [
      "default-src 'none'",
      `script-src 'self' 'nonce-${nonce}'`,
      `style-src 'self'${dev.style}`,
      "worker-src 'self'",
      "img-src 'self'",
      "font-src 'self'",
      `connect-src 'self'${dev.connect}`,
      "manifest-src 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "object-src 'none'",
      ...isHttps ? ['upgrade-insecure-requests'] : [],
    ].join('; '),
  })
}

/** The headers of static files. A worker keeps to the policy it is served with: it can load and reach nothing. */
export const staticHeaders = {
  'content-security-policy': "default-src 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
}
