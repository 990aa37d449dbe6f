/** Where registries say what their administrator should know. Lines without secrets; text from outside is quoted. */
export type RegistriesLog = {
	info(message: string): void;
	warning(message: string): void;
};
