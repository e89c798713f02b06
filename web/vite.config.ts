import { vitePlugin as remix } from '@remix-run/dev'
import { defineConfig } from 'vite'

export default defineConfig({
  // A data: URL would need a hole in the content security policy.
  build: { assetsInlineLimit: 0 },
  // Known from the start, they need no reload of the page that first asks for them.
  optimizeDeps: { include: ['react', 'react/jsx-dev-runtime', 'react-dom/client', '@remix-run/react'] },
  plugins: [
    remix({
      future: {
        v3_fetcherPersist: true,
        v3_lazyRouteDiscovery: true,
        v3_relativeSplatPath: true,
        v3_routeConfig: true,
        v3_singleFetch: true,
        v3_throwAbortReason: true,
      },
    }),
  ],
})
