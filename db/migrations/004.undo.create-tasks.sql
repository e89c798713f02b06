DROP TABLE tasks.changes;
DROP TABLE tasks.tasks;
DROP TABLE tasks.lists;
DROP TABLE tasks.accounts;
