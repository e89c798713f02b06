DROP TRIGGER keep_task_terms ON tasks.tasks;
DROP TRIGGER keep_task_terms_of_new ON tasks.tasks;
DROP FUNCTION tasks.keep_task_terms();
DROP TABLE tasks.task_terms;
DROP FUNCTION tasks.words_of(text);
