import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import { globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

/** What each folder may not reach into: routes → features → components → api → lib, never the other way. */
const DIRECTIONS = {
    lib: ["@/api", "@/components", "@/features", "@/routes"],
    api: ["@/components", "@/features", "@/routes"],
    components: ["@/features", "@/routes"],
    features: ["@/routes"],
};

const directions = Object.entries(DIRECTIONS).map(([folder, forbidden]) => ({
    files: [`src/${folder}/**`],
    rules: {
        "no-restricted-imports": [
            "error",
            {
                patterns: [
                    {
                        group: forbidden.flatMap((name) => [name, `${name}/*`]),
                        message: "routes import features, features components, these api and lib; not back.",
                    },
                    { group: ["../*"], message: "Name it by @/… ." },
                ],
            },
        ],
    },
}));

export default tseslint.config(
    globalIgnores(["dist", "public", "src/api/schema.d.ts", "eslint.config.js"]),
    js.configs.recommended,
    tseslint.configs.strictTypeChecked,
    tseslint.configs.stylisticTypeChecked,
    { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } },
    { files: ["src/**/*.{ts,tsx}"], ...hooks.configs.flat["recommended-latest"] },
    {
        rules: {
            "no-restricted-globals": ["error", { name: "fetch", message: "Ask through @/api/client." }],
            "no-restricted-syntax": [
                "error",
                {
                    selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
                    message: "What tools answer is never HTML here.",
                },
            ],
            "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
            "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
            // The router throws its redirects.
            "@typescript-eslint/only-throw-error": "off",
        },
    },
    ...directions,
);
