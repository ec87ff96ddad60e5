// Starts the reference. Everything that would ask another host than this hub is switched off;
// the page's Content-Security-Policy forbids it besides.
const place = document.getElementById("reference");

Scalar.createApiReference(place, {
  url: place.dataset.document,
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: "never",
  hideClientButton: true,
  documentDownloadType: "json",
  hideModels: true,
  persistAuth: false,
  defaultOpenAllTags: true,
  operationTitleSource: "summary",
  orderSchemaPropertiesBy: "preserve",
  orderRequiredPropertiesFirst: false,
  customCss: `
    /* A section gets the focus when its address is opened; it is no control and needs no frame. */
    section[tabindex="-1"]:focus { outline: none; }
    /* A callback goes from the hub to a backend: there is nothing to send from here. */
    section[id*="/webhook/"] .show-api-client-button { display: none; }
    /* On a phone this button covers the address; the page behind has the same list. */
    @media (max-width: 600px) { .scalar-sidebar-toggle { display: none; } }
  `,
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
});
