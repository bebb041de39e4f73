/** Names for the shapes of the API. They are generated; nothing of them is restated here. */
import type { components, operations } from "@/api/schema";

type Schemas = components["schemas"];

export type Run = Schemas["RunOut"];
export type RunLine = Schemas["RunLine"];
export type RunIn = Schemas["RunIn"];
export type RunStatus = Schemas["RunStatus"];
export type RunEvent = Schemas["EventOut"];
export type EventType = Schemas["EventType"];
export type Step = Schemas["StepOut"];
export type StepStatus = Schemas["StepStatus"];
export type Attempt = Schemas["AttemptOut"];
export type Ending = Schemas["Ending"];
export type SubTask = Schemas["SubTaskOut"];
export type Question = Schemas["QuestionOut"];
export type QuestionKind = Schemas["QuestionKind"];
export type InboxItem = Schemas["InboxOut"];
export type Effect = Schemas["Effect"];
export type StoredPlan = Schemas["StoredPlanOut"];
export type Output = Schemas["OutputOut"];
export type Explain = Schemas["ExplainOut"];
export type Solution = Schemas["FiguresOut"];
export type RunDiff = Schemas["RunDiffOut"];
export type QuoteDiff = Schemas["QuoteDiffOut"];
export type SubTaskDiff = Schemas["SubTaskDiffOut"];
export type Done = Schemas["DoneOut"];
export type Reason = Schemas["ReasonOut"];
export type VerdictSource = NonNullable<Done["judged_by"]>;
export type Artifact = Schemas["ArtifactOut"];
export type Problem = Schemas["Problem"];
export type BulkAction = Schemas["BulkIn"]["action"];
export type RunQuery = NonNullable<operations["page_v1_runs_get"]["parameters"]["query"]>;
